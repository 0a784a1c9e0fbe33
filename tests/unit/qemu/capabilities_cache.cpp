// SPDX-License-Identifier: LGPL-2.1-or-later
// Probing and remembering, against a fake QEMU that misbehaves in every way we know.
#include "qemu/capabilities_cache.hpp"

#include "process_fake.hpp"
#include "support/async.hpp"
#include "support/skip.hpp"
#include "support/task_group.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cstdio>
#include <unistd.h>

using namespace vireo;
using namespace vireo::qemu;
using namespace vireo::qemu::test;
using namespace std::chrono_literals;
using vireo::test::Folder;

BOOST_AUTO_TEST_SUITE(capabilities_cache)

namespace {

bool has(const Error& error, std::string_view part) {
    return std::string_view(error.what()).find(part) != std::string_view::npos;
}

Task<Error> failure(Task<std::shared_ptr<const Capabilities>> task) {
    try {
        (void)co_await std::move(task);
    } catch (const Error& e) {
        co_return e;
    }
    BOOST_ERROR("it did not fail");
    co_return Error();
}

std::vector<std::filesystem::path> documents(const Folder& folder) {
    std::vector<std::filesystem::path> all;
    for (auto& entry : std::filesystem::directory_iterator(folder.path())) all.push_back(entry.path());
    return all;
}

// Is anybody left who runs this program?
bool runs(const std::string& path) {
    for (auto& entry : std::filesystem::directory_iterator("/proc")) {
        auto text = read_file(entry.path() / "cmdline", 65536);
        if (text && text->find(path) != std::string::npos) return true;
    }
    return false;
}

}  // namespace

ASYNC_TEST(one_probe_for_many_callers_then_memory_then_disk) {
    FakeQemu fake;
    Folder folder;
    Blocking blocking;
    std::vector<std::shared_ptr<const Capabilities>> found;
    {
        CapabilitiesCache cache(blocking, folder.path());
        BOOST_TEST(!cache.known(fake.path));
        auto ask = [&]() -> Task<> { found.push_back(co_await cache.get(fake.path)); };
        TaskGroup group(co_await asio::this_coro::executor);
        for (int i = 0; i < 10; ++i) group.spawn(ask());
        co_await group.join();
        BOOST_TEST(cache.probes() == 1u);
        BOOST_TEST(std::ranges::count(found, found[0]) == 10);
        BOOST_TEST(cache.known(fake.path) == found[0]);
        auto again = co_await cache.get(fake.path);
        BOOST_TEST(again == found[0]);
        BOOST_TEST(cache.probes() == 1u);
    }
    auto& c = *found[0];
    BOOST_TEST(c.arch == "x86_64");
    BOOST_TEST(c.version.text() == "7.2.22");
    BOOST_TEST(c.package == "fake");
    BOOST_TEST(c.canonical_machine("q35").value() == "pc-q35-7.2");
    BOOST_TEST(c.machine("q35")->default_cpu == "qemu64");
    BOOST_TEST(c.default_machine()->name == "pc-i440fx-7.2");
    BOOST_TEST(!c.machine("none"));
    BOOST_TEST(c.has_device("virtio-blk-pci"));
    BOOST_TEST(c.has_command("blockdev-add"));
    BOOST_TEST(c.has_option("sandbox", "elevateprivileges"));
    BOOST_TEST(c.tcg);
    BOOST_TEST(c.sandbox);
    BOOST_TEST(c.kvm_present);
    BOOST_TEST(!c.kvm_enabled);
    BOOST_TEST(!c.cpu("host")->usable);
    BOOST_TEST(c.files.size() >= 2u);  // the script and the interpreter that ran
    BOOST_REQUIRE(documents(folder).size() == 1u);
    BOOST_TEST((std::filesystem::status(documents(folder)[0]).permissions() == std::filesystem::perms(0600)));

    CapabilitiesCache later(blocking, folder.path());
    auto stored = co_await later.get(fake.path);
    BOOST_TEST(later.probes() == 0u);
    BOOST_TEST(json::serialize(to_json(*stored)) == json::serialize(to_json(c)));
    BOOST_TEST(!runs(fake.path));
}

ASYNC_TEST(a_changed_binary_is_asked_again) {
    FakeQemu fake("package=before\n");
    Folder folder;
    Blocking blocking;
    CapabilitiesCache cache(blocking, folder.path());
    auto before = co_await cache.get(fake.path);
    fake.set("package=after\n");
    auto same = co_await cache.get(fake.path);
    BOOST_TEST(same->package == "before");  // the file itself did not change
    auto text = take(read_file(fake.path));
    take(replace_file(fake.path, text + "# an update\n", 0755));
    auto after = co_await cache.get(fake.path);
    BOOST_TEST(after->package == "after");
    BOOST_TEST(cache.probes() == 2u);
    BOOST_TEST(documents(folder).size() == 1u);
    CapabilitiesCache later(blocking, folder.path());
    auto stored = co_await later.get(fake.path);
    BOOST_TEST(stored->package == "after");
    BOOST_TEST(later.probes() == 0u);
}

ASYNC_TEST(another_user_is_asked_again) {
    FakeQemu fake;
    Folder folder;
    Blocking blocking;
    CapabilitiesCache cache(blocking, folder.path());
    co_await cache.get(fake.path);
    ProbeSettings settings;
    settings.groups = {12345};  // without a user: only part of the key here
    CapabilitiesCache other(blocking, folder.path(), settings);
    co_await other.get(fake.path);
    BOOST_TEST(other.probes() == 1u);
}

ASYNC_TEST(damaged_documents_are_ignored_and_rewritten) {
    FakeQemu fake;
    Folder folder;
    Blocking blocking;
    std::string whole;
    {
        CapabilitiesCache cache(blocking, folder.path());
        co_await cache.get(fake.path);
        whole = take(read_file(documents(folder).at(0)));
    }
    auto path = documents(folder).at(0);
    auto other_version = whole;
    other_version.replace(other_version.find("\"format\":1"), 10, "\"format\":2");
    for (auto& text : {std::string(), whole.substr(0, whole.size() / 2), std::string("[]"),
                       std::string("{\"format\":1}"), std::string(5u << 20, 'x'), other_version}) {
        take(replace_file(path, text));
        CapabilitiesCache cache(blocking, folder.path());
        auto found = co_await cache.get(fake.path);
        BOOST_TEST(found->arch == "x86_64");
        BOOST_TEST(cache.probes() == 1u);
        BOOST_TEST(take(read_file(path)) == whole);
    }
}

ASYNC_TEST(works_without_a_folder) {
    FakeQemu fake;
    Folder folder;
    take(replace_file(folder / "file", "in the way"));
    Blocking blocking;
    CapabilitiesCache no_disk(blocking, {});
    CapabilitiesCache unwritable(blocking, folder / "file" / "cache");
    for (auto* cache : {&no_disk, &unwritable}) {
        auto found = co_await cache->get(fake.path);
        BOOST_TEST(found->arch == "x86_64");
        co_await cache->get(fake.path);
        BOOST_TEST(cache->probes() == 1u);
    }
}

ASYNC_TEST(what_is_no_qemu) {
    Folder folder;
    Blocking blocking;
    CapabilitiesCache cache(blocking, folder / "cache");
    auto missing = co_await failure(cache.get((folder / "none").string()));
    BOOST_TEST((missing.code() == Errc::not_found));
    BOOST_TEST(!missing.hint().empty());
    auto relative = co_await failure(cache.get("qemu-system-x86_64"));
    BOOST_TEST((relative.code() == Errc::invalid_argument));
    auto directory = co_await failure(cache.get(folder.path().string()));
    BOOST_TEST((directory.code() == Errc::invalid_config));
    take(replace_file(folder / "plain", "text", 0644));
    auto plain = co_await failure(cache.get((folder / "plain").string()));
    BOOST_TEST((plain.code() == Errc::access_denied));
    take(replace_file(folder / "noise", "\x7f\x01\x02", 0755));
    auto noise = co_await failure(cache.get((folder / "noise").string()));
    BOOST_TEST(has(noise, "noise"), noise.what());
    auto other = co_await failure(cache.get("/bin/true"));
    BOOST_TEST((other.code() == Errc::hypervisor_failed));
    BOOST_TEST(has(other, "/bin/true cannot be used as a QEMU: it exited with status 0"), other.what());
    auto ls = co_await failure(cache.get("/bin/ls"));
    BOOST_TEST(has(ls, "exited with status 2"), ls.what());
    BOOST_TEST(!std::filesystem::exists(folder / "cache"));
}

ASYNC_TEST(misbehaviour_while_probed) {
    Folder folder;
    Blocking blocking;
    struct {
        const char *control, *says;
        Errc code;
    } cases[] = {
        {"exit=3\nmessage=fake: symbol lookup error: no libfoo",
         "it exited with status 3: fake: symbol lookup error: no libfoo", Errc::hypervisor_failed},
        {"hang=start", "took longer than 2 s", Errc::timeout},
        {"hang=greeting", "took longer than 2 s", Errc::timeout},
        {"hang=negotiate", "took longer than 2 s", Errc::timeout},
        {"hang=query-command-line-options", "took longer than 2 s", Errc::timeout},
        {"crash-after=1", "was killed by signal 9", Errc::hypervisor_failed},
        {"crash-after=5", "was killed by signal 9", Errc::hypervisor_failed},
        {"garbage=greeting", "not JSON", Errc::hypervisor_failed},
        {"garbage=query-machines", "not JSON", Errc::hypervisor_failed},
        {"endless=greeting", "endless line", Errc::hypervisor_failed},
        {"unknown-id=query-target", "not open", Errc::hypervisor_failed},
        {"wrong-types=1", "does not name its architecture", Errc::hypervisor_failed},
        {"error-on=query-machines\nerror-text=told so", "told so", Errc::hypervisor_failed},
        {"fork=1\nexit-on=query-kvm\nmessage=bye", "exited with status 1: bye", Errc::hypervisor_failed},
    };
    for (auto& one : cases) {
        FakeQemu fake(one.control);
        ProbeSettings settings;
        if (one.code == Errc::timeout) settings.limit = 2s;
        CapabilitiesCache cache(blocking, folder / "cache", settings);
        auto error = co_await failure(cache.get(fake.path));
        BOOST_TEST((error.code() == one.code), one.control << ": " << error.what());
        BOOST_TEST(has(error, one.says), one.control << ": " << error.what());
        BOOST_TEST(error.object() == fake.path);
        BOOST_TEST(!cache.known(fake.path));
        BOOST_TEST(!std::filesystem::exists(folder / "cache"));
        if (std::string_view(one.control).starts_with("crash")) {  // a failure is not remembered
            fake.set("");
            auto found = co_await cache.get(fake.path);
            BOOST_TEST(found->arch == "x86_64");
            std::filesystem::remove_all(folder / "cache");
        }
    }
}

ASYNC_TEST(a_failure_is_shared_by_those_who_wait) {
    FakeQemu fake("hang=greeting");
    Blocking blocking;
    ProbeSettings settings;
    settings.limit = 500ms;
    CapabilitiesCache cache(blocking, {}, settings);
    int failed = 0;
    auto ask = [&]() -> Task<> {
        auto error = co_await failure(cache.get(fake.path));
        failed += error.code() == Errc::timeout;
    };
    TaskGroup group(co_await asio::this_coro::executor);
    for (int i = 0; i < 8; ++i) group.spawn(ask());
    co_await group.join();
    BOOST_TEST(failed == 8);
    BOOST_TEST(cache.probes() == 1u);
}

ASYNC_TEST(the_first_caller_may_be_cancelled) {
    FakeQemu fake("delay=0.05");
    Blocking blocking;
    CapabilitiesCache cache(blocking, {});
    Errc code = Errc::internal;
    auto impatient = [&]() -> Task<> {
        try {
            co_await with_timeout(cache.get(fake.path), 100ms, "the impatient");
        } catch (const Error& e) {
            code = e.code();
        }
    };
    auto patient = [&]() -> Task<> {
        auto found = co_await cache.get(fake.path);
        BOOST_TEST(found->arch == "x86_64");
    };
    co_await all(impatient(), patient());
    BOOST_TEST((code == Errc::timeout));
    BOOST_TEST(cache.probes() == 2u);
    BOOST_TEST(!runs(fake.path));
}

ASYNC_TEST(without_seccomp) {
    FakeQemu fake("no-sandbox=1");
    Blocking blocking;
    CapabilitiesCache cache(blocking, {});
    auto found = co_await cache.get(fake.path);
    BOOST_TEST(!found->sandbox);
}

ASYNC_TEST(cpu_models_are_expanded_once) {
    FakeQemu fake;
    Folder folder;
    Blocking blocking;
    CapabilitiesCache cache(blocking, folder.path());
    auto first = co_await cache.expand_cpu(fake.path, Accelerator::tcg, "qemu64");
    BOOST_TEST(first->on.contains("sse2"));
    BOOST_TEST(first->off.contains("avx512f"));
    std::vector<std::pair<std::string, std::string>> values{{"family", "6"}, {"vendor", "GenuineIntel"}};
    BOOST_TEST((first->values == values));
    BOOST_TEST(cache.probes() == 2u);
    auto second = co_await cache.expand_cpu(fake.path, Accelerator::tcg, "qemu64");
    BOOST_TEST(second == first);
    BOOST_TEST(cache.probes() == 2u);
    CapabilitiesCache later(blocking, folder.path());
    auto stored = co_await later.expand_cpu(fake.path, Accelerator::tcg, "qemu64");
    BOOST_TEST(stored->on.contains("sse2"));
    BOOST_TEST(later.probes() == 0u);
    for (auto [accelerator, model] : {std::pair(Accelerator::tcg, "nope"), std::pair(Accelerator::kvm, "qemu64")}) {
        Errc code = Errc::internal;
        try {
            co_await cache.expand_cpu(fake.path, accelerator, model);
        } catch (const Error& e) {
            code = e.code();
        }
        BOOST_TEST((code == Errc::unsupported));
    }
}

ASYNC_TEST(the_real_one) {
    Folder folder;
    Blocking blocking;
    CapabilitiesCache cache(blocking, folder.path());
    auto binaries = find_binaries();
    if (binaries.empty()) vireo::test::skip("there is no QEMU");
    for (auto& binary : binaries) {
        auto begin = Clock::now();
        auto found = co_await cache.get(binary.path);
        auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin);
        std::printf("%s: %s, %zu machines, %zu types, %zu commands, %zu options, %zu bytes, asked in %d ms, kvm %d\n",
                    binary.path.c_str(), found->version.text().c_str(), found->machines.size(), found->types.size(),
                    found->commands.size(), found->options.size(), found->memory(), static_cast<int>(took.count()),
                    found->kvm_enabled);
        BOOST_TEST(found->arch == binary.arch);
        BOOST_TEST(found->memory() < 100'000u);
        BOOST_TEST(found->tcg);
        BOOST_TEST((found->version >= QemuVersion{4, 0, 0}));
        BOOST_TEST(found->has_option("add-fd", "set"));
        if (binary.arch == "x86_64" || binary.arch == "i686") {
            BOOST_TEST(found->has_device("virtio-blk-pci"));
            BOOST_TEST(found->canonical_machine("q35").value().starts_with("pc-q35-"));
            BOOST_TEST(found->default_machine() != nullptr);
            auto model = binary.arch == "x86_64" ? "qemu64" : "qemu32";
            auto expanded = co_await cache.expand_cpu(binary.path, Accelerator::tcg, model);
            BOOST_TEST(expanded->on.contains("sse2"));
            BOOST_TEST(expanded->off.contains("avx512f"));
            auto host = co_await cache.host_model(binary.path, Accelerator::tcg);
            BOOST_TEST(found->cpu(host->model) != nullptr);
            auto again = co_await CapabilitiesCache(blocking, folder.path()).host_model(binary.path, Accelerator::tcg);
            BOOST_TEST((*again == *host));  // from the disk
        }
    }
    if (::geteuid() == 0 && !binaries.empty()) {  // as somebody without rights
        ProbeSettings settings;
        settings.uid = 65534;
        settings.gid = 65534;
        CapabilitiesCache nobody(blocking, {}, settings);
        auto found = co_await nobody.get(binaries.front().path);
        BOOST_TEST(found->tcg);
    }
}

BOOST_AUTO_TEST_SUITE_END()
