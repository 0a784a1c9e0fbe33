// SPDX-License-Identifier: LGPL-2.1-or-later
// LINKS: firmware
// Whatever the index of a history holds: entries within bounds, or warnings; a backup that is added then is there, and
// nothing outside the folder is touched.
#include "firmware/digest.hpp"
#include "firmware/history.hpp"
#include "support/file.hpp"
#include "support/log.hpp"

#include <cstdlib>

using namespace vireo;
using namespace vireo::firmware;
namespace fs = std::filesystem;

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

struct Place {
    fs::path top;
    Place() {
        log::set_level(log::Level::error);
        std::string name = (fs::exists("/dev/shm") ? "/dev/shm" : "/tmp") + std::string("/vireo-fuzz-XXXXXX");
        require(::mkdtemp(name.data()));
        top = name;
    }
    ~Place() {
        std::error_code ignored;
        fs::remove_all(top, ignored);
    }
};

void check(const History& history) {
    require(history.entries().size() <= History::max_ring);
    for (auto& entry : history.entries()) {
        require(is_sha256(entry.sha256) && entry.size <= History::max_content && entry.who.size() <= 256);
        require(entry.id.size() <= 18 && entry.id.find_first_not_of("0123456789") == std::string::npos);
        require(history.find(entry.id) != nullptr);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    static Place place;
    auto folder = place.top / "history";
    fs::create_directories(folder);
    take(replace_file(folder / "index.json", {reinterpret_cast<const char*>(data), size}, 0600, Durable::no));
    auto history = take(History::open(folder));
    check(history);
    for (auto& entry : history.entries()) (void)history.read(entry.id);
    auto added = history.add("content", {}, 3);
    if (added) {
        require(history.entries().size() <= 3);
        auto again = take(History::open(folder));
        check(again);
        require(again.warnings().empty());
        require(take(again.read(added->id)) == "content");
        require(take(again.prune(0)) >= 1);
    } else {
        require(!history.warnings().empty());  // of a newer version
    }
    std::size_t beside = 0;
    for (auto& entry : fs::directory_iterator(place.top)) beside += entry.path() != folder;
    require(beside == 0);
    fs::remove_all(folder);
    return 0;
}
