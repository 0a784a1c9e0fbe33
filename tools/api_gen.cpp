// SPDX-License-Identifier: LGPL-2.1-or-later
// api_gen OUT_FOLDER FILE.xml...: from interfaces/ to everything that is made of it (see interfaces/README.md).
// A file whose text stays the same is left untouched, so that nothing is compiled again.
#include "api_write.hpp"

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>

namespace {

void write(const std::filesystem::path& path, const std::string& text) {
    {
        std::ifstream old(path, std::ios::binary);
        if (old && std::string(std::istreambuf_iterator<char>(old), {}) == text) return;
    }
    std::filesystem::create_directories(path.parent_path());
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << text;
    file.close();
    if (!file) throw std::runtime_error(path.string() + ": cannot be written");
}

void write_all(const std::filesystem::path& folder, const api_gen::Api& api) {
    using namespace api_gen;
    write(folder / "api/types.hpp", types_header(api));
    write(folder / "api/service.hpp", service_header(api));
    write(folder / "api/dispatch.cpp", dispatch_source(api));
    write(folder / "api/proxies.hpp", proxies_header(api));
    write(folder / "api/proxies.cpp", proxies_source(api));
    write(folder / "api/documents.cpp", documents_source(api));
    write(folder / "doc/openrpc.json", pretty_json(openrpc(api)));
    write(folder / "doc/api.md", reference(api));
    write(folder / "doc/summary.txt", summary(api));
    write(folder / "doc/org.vireo1.policy", policy(api));
    for (auto& i : api.interfaces) write(folder / "doc/introspection" / (i.name + ".xml"), introspection(i));
}

}  // namespace

int main(int argc, char** argv) try {
    if (argc < 3) {
        std::cerr << "usage: api_gen OUT_FOLDER FILE.xml...\n";
        return 2;
    }
    api_gen::Api api;
    api_gen::Problems problems;
    for (int i = 2; i < argc; ++i) api_gen::read(argv[i], api, problems);
    api_gen::check(api, problems);
    for (auto& line : problems.lines()) std::cerr << line << "\n";
    if (problems.any()) return 1;
    write_all(argv[1], api);
    return 0;
} catch (const std::exception& e) {
    std::cerr << "api_gen: " << e.what() << "\n";
    return 1;
}
