// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/tpm_state.hpp"

#include "model/domain_xml.hpp"
#include "support/file.hpp"
#include "tests/support/async.hpp"
#include "tests/support/folder.hpp"

#include <sys/stat.h>
#include <unistd.h>

using namespace vireo;
using namespace vireo::firmware;
namespace fs = std::filesystem;

namespace {

constexpr const char* guest = "3c6f1f63-5d8e-44a1-9a6c-0e2f4d1b7a55";

model::Domain with(const std::string& backend) {
    return take(model::parse_domain_xml(
                    std::string("<domain type='qemu'><name>a</name><uuid>") + guest +
                    "</uuid><memory>1024</memory><os><type arch='x86_64' machine='q35'>hvm</type></os>"
                    "<devices><tpm model='tpm-tis'>" +
                    backend + "</tpm></devices></domain>"))
        .domain;
}

struct States {
    test::Folder folder;
    fs::path tpms = folder / "tpm", trash = folder / "trash";
    TpmPlace place = *tpm_place(with("<backend type='emulator'/>"), tpms);

    void make() const {
        take(open_workshop(place, {}));
        take(replace_file(place.workshop().path / "tpm2-00.permall", "state", 0600, Durable::no));
        take(close_workshop(place));
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(firmware_tpm_state)

BOOST_AUTO_TEST_CASE(places) {
    States states;
    BOOST_TEST(states.place.path == states.tpms / guest / "tpm2");
    BOOST_TEST(states.place.uri() == "dir://.");
    auto old = tpm_place(with("<backend type='emulator' version='1.2'/>"), states.tpms);
    BOOST_TEST(old->path.filename() == "tpm1.2");
    auto file = tpm_place(with("<backend type='emulator'><source type='file' path='/a/b'/></backend>"), states.tpms);
    BOOST_TEST(!file->own);
    BOOST_TEST(file->folder() == "/a");
    BOOST_TEST(file->uri() == "file://b");
    BOOST_TEST(file->workshop().path == "/a/b");
    BOOST_TEST(!tpm_place(with("<backend type='passthrough'/>"), states.tpms).has_value());
}

BOOST_AUTO_TEST_CASE(one_that_was_not_finished_is_none) {
    States states;
    take(open_workshop(states.place, {}));
    take(replace_file(states.place.workshop().path / "tpm2-00.permall", "half", 0600, Durable::no));
    BOOST_TEST(!states.place.made());
    take(open_workshop(states.place, {}));  // begins anew
    BOOST_TEST(fs::is_empty(states.place.workshop().path));
    states.make();
    BOOST_TEST(states.place.made());
    take(remove_tpm(states.place));
    BOOST_TEST(!fs::exists(states.tpms / guest));
}

BOOST_AUTO_TEST_CASE(what_becomes_of_it) {
    for (auto how : {Disposal::trash, Disposal::keep, Disposal::remove}) {
        States states;
        states.make();
        take(note_tpm_disposal(states.tpms, guest, how));
        auto notes = tpm_notes(states.tpms);
        BOOST_TEST(notes.size() == (how == Disposal::keep ? 0u : 1u));
        if (!notes.empty()) BOOST_CHECK(notes.front().how == how);
        auto where = take(dispose_of_tpm(states.tpms, states.trash, guest, how, 1000));
        BOOST_TEST(states.place.made() == (how == Disposal::keep));
        BOOST_TEST(where.empty() == (how != Disposal::trash));
        BOOST_TEST(tpm_notes(states.tpms).empty());
        if (how != Disposal::trash) continue;
        BOOST_TEST(where.filename() == std::string("tpm-") + guest + "-1000");
        BOOST_TEST(take(read_file(where / "tpm2/tpm2-00.permall")) == "state");
        BOOST_TEST(!fs::exists(where / "undefine"));
        fs::create_directory(states.trash / "tpm-of-somebody-else");
        BOOST_TEST(expire_trashed_tpms(states.trash, 1000) == 0u);
        BOOST_TEST(expire_trashed_tpms(states.trash, 1001) == 1u);
        BOOST_TEST(fs::exists(states.trash / "tpm-of-somebody-else"));
    }
}

BOOST_AUTO_TEST_CASE(what_is_ours_stays_ours) {
    States states;
    states.make();
    TpmOwner owner;
    owner.uid = ::geteuid();
    owner.gid = ::getegid();
    take(give_tpm(states.place, owner));
    if (::geteuid()) return;
    owner.uid = 1;
    take(give_tpm(states.place, owner));
    struct stat status{};
    for (const auto& path : {states.place.path, states.place.path / "tpm2-00.permall"}) {
        BOOST_TEST(::lstat(path.c_str(), &status) == 0);
        BOOST_TEST(status.st_uid == 1u);
    }
}

BOOST_AUTO_TEST_CASE(a_note_that_is_taken_back) {
    States states;
    states.make();
    take(note_tpm_disposal(states.tpms, guest, Disposal::trash));
    take(note_tpm_disposal(states.tpms, guest, Disposal::keep));
    BOOST_TEST(tpm_notes(states.tpms).empty());
    take(note_tpm_disposal(states.tpms, "11111111-2222-3333-4444-555555555555", Disposal::trash));  // it has none
    BOOST_TEST(tpm_notes(states.tpms).empty());
}

BOOST_AUTO_TEST_SUITE_END()
