// SPDX-License-Identifier: LGPL-2.1-or-later
// A guest with a variable store, its template and its code, and ways to stop what is done to it at every step.
#pragma once
#include "firmware/nvram.hpp"
#include "unit/firmware/varstore_fixtures.hpp"

#include <boost/test/unit_test.hpp>

#include <functional>
#include <map>
#include <sys/wait.h>

namespace vireo::test {

struct Guest : Host {
    firmware::Site site;

    explicit Guest(std::string_view kind = "raw") {
        site.folder = folder / "data/nvram/0b7e";
        site.store = firmware::StoreSpec(site.folder / "VARS.fd", true);
        site.store.journal = site.folder;
        site.template_path = share / "vars.fd";
        put(site.template_path, flash());
        site.code = share / "code.fd";
        put(site.code, "");
        std::filesystem::resize_file(site.code, code_size);
        site.architecture = "x86_64";
        site.who = "test";
        site.time_usec = 1'000'000;
        if (kind == "qcow2")
            site.store.format = firmware::StoreFormat::qcow2, site.store.path = site.folder / "VARS.qcow2";
        if (kind == "chosen") {
            site.store = firmware::StoreSpec(folder / "chosen/vars.fd", false);
            std::filesystem::create_directories(site.store.path.parent_path());
        }
        if (kind == "block") {
            site.store = firmware::StoreSpec(folder / "device", false);
            site.store.kind = firmware::StoreKind::block;
            site.store.file_as_device = true;
            site.store.journal = site.folder;
            put(site.store.path, std::string(store_size, '\0'));
        }
    }

    // The guest's own variables: "boot", a key, a setting, with something dead between.
    void fill() const {
        take(firmware::change(
            site, firmware::BackupReason::before_change, [](firmware::VariableStore& store) -> Result<> {
                for (auto* data : {"\1\0\0\0a", "\1\0\0\0b"})
                    take(store.set(variable("Boot0001", std::string(data, 5))));
                take(store.set(variable("BootOrder", std::string("\1\0", 2))));
                take(store.set(variable("Timeout", std::string("\5\0", 2))));
                auto key = variable("PK", "key");
                key.attributes = firmware::attribute::usual | firmware::attribute::time_based_authenticated;
                return store.set(std::move(key));
            }));
    }
    Result<firmware::Changed> set(const std::string& name, const std::string& data) const {
        return firmware::change(site, firmware::BackupReason::before_change,
                                [&](firmware::VariableStore& store) { return store.set(variable(name, data)); });
    }
    std::string value(const std::string& name) const {
        auto seen = take(firmware::view(site));
        auto* found = seen.variables ? seen.variables->find(firmware::guids::global, name) : nullptr;
        return found ? found->data : "";
    }
    std::string content() const { return take(firmware::view(site)).content; }
    bool exists() const { return take(firmware::view(site)).exists; }

    // Everything that is the guest's, by path: what the store holds, what lies beside it.
    std::map<std::string, std::string> files() const {
        std::map<std::string, std::string> all;
        for (auto& top : {site.folder, site.store.path.parent_path()}) {
            std::error_code ignored;
            for (auto& entry : std::filesystem::recursive_directory_iterator(top, ignored))
                if (entry.is_regular_file() && !entry.path().string().starts_with(share.string()))
                    all[entry.path().string()] = get(entry.path());
        }
        return all;
    }
    // No temporary file, no marker of something unfinished.
    std::string strays() const {
        std::string names;
        for (auto& [path, _] : files()) {
            auto name = std::filesystem::path(path).filename().string();
            if (name.starts_with(stray_prefix) || name.ends_with(".before-start") || name.ends_with(".created") ||
                name == "block.before" || name == "pending.applied.json")
                names += name + " ";
        }
        return names;
    }
};

// Runs the work in a child that dies, as by kill -9, at step n. True: it died; false: it came to its end before.
inline bool dies_at(int n, firmware::Site site, const std::function<void(const firmware::Site&)>& work) {
    pid_t child = ::fork();
    BOOST_REQUIRE(child >= 0);
    if (child == 0) {
        int count = 0;
        site.store.steps = [&](std::string_view) {
            if (count++ == n) ::_exit(77);
            return 0;
        };
        work(site);
        ::_exit(0);
    }
    int status = 0;
    BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
    BOOST_REQUIRE(WIFEXITED(status));
    return WEXITSTATUS(status) == 77;
}

// One failing step. True: it was reached.
inline bool fails_at(int n, int error, firmware::Site site, const std::function<void(const firmware::Site&)>& work) {
    int count = 0;
    site.store.steps = [&](std::string_view) { return count++ == n ? error : 0; };
    work(site);
    return count > n;
}

}  // namespace vireo::test
