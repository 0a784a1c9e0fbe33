// SPDX-License-Identifier: LGPL-2.1-or-later
#include "state/status_store.hpp"

#include "support/file.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <fcntl.h>
#include <limits>

namespace vireo::state {
namespace fs = std::filesystem;
namespace json = boost::json;
namespace {

constexpr std::string_view version_key = "vireo-status";

// Takes values out of an object and remembers the first that is missing or of the wrong kind.
class Reader {
public:
    explicit Reader(const json::object& from) : from_(from) {}

    void text(std::string_view key, std::string& into) {
        auto* value = find(key);
        if (!value) return;
        auto* string = value->if_string();
        if (!string) return wrong(key, "a string");
        into.assign(string->data(), string->size());
    }
    void flag(std::string_view key, bool& into) {
        auto* value = find(key);
        if (!value) return;
        auto* flag = value->if_bool();
        if (!flag) return wrong(key, "true or false");
        into = *flag;
    }
    template <class N>
    void number(std::string_view key, N& into) {
        auto* value = find(key);
        if (!value) return;
        boost::system::error_code error;
        auto number = value->to_number<N>(error);  // checks the range; a fraction is an error
        if (error || value->is_double())
            wrong(key, "a whole number in range");
        else
            into = number;
    }
    void texts(std::string_view key, std::vector<std::string>& into) {
        auto* value = find(key);
        if (!value) return;
        auto* array = value->if_array();
        if (!array) return wrong(key, "a list");
        for (auto& element : *array)
            if (auto* string = element.if_string())
                into.emplace_back(string->data(), string->size());
            else
                return wrong(key, "a list of strings");
    }
    const json::value* find(std::string_view key) {
        auto* value = from_.if_contains(key);
        if (!value && problem_.empty()) problem_ = "'" + std::string(key) + "' is missing";
        return value;
    }
    void wrong(std::string_view key, std::string_view wanted) {
        if (problem_.empty()) problem_ = "'" + std::string(key) + "' is not " + std::string(wanted);
    }
    const std::string& problem() const { return problem_; }

private:
    const json::object& from_;
    std::string problem_;
};

void read_phase(Reader& reader, Phase& into) {
    std::string text;
    reader.text("phase", text);
    for (auto phase : {Phase::starting, Phase::running, Phase::stopping})
        if (text == to_string(phase)) {
            into = phase;
            return;
        }
    reader.wrong("phase", "starting, running or stopping");
}

void read_auxiliaries(Reader& reader, const json::object& from, std::vector<AuxiliaryProcess>& into) {
    auto* value = from.if_contains("auxiliaries");
    if (!value) return;  // an older Vireo had none
    auto* list = value->if_array();
    if (!list) return reader.wrong("auxiliaries", "a list");
    for (auto& entry : *list) {
        auto* object = entry.if_object();
        if (!object) return reader.wrong("auxiliaries", "a list of objects");
        Reader fields(*object);
        AuxiliaryProcess process;
        fields.text("program", process.program);
        fields.text("device", process.device);
        fields.number("pid", process.pid);
        fields.number("process-start-time", process.start_time);
        if (!fields.problem().empty() || process.pid <= 1)
            return reader.wrong("auxiliaries", "a list of processes with program, device, pid and process-start-time");
        into.push_back(std::move(process));
    }
}

json::object to_json(const Status& s) {
    json::object object;
    object[version_key] = status_version;
    object["uuid"] = s.uuid;
    object["name"] = s.name;
    object["id"] = s.id;
    object["phase"] = to_string(s.phase);
    object["pid"] = s.pid;
    object["process-start-time"] = s.process_start_time;
    object["monitor-path"] = s.monitor_path;
    object["state"] = s.state;
    object["reason"] = s.reason;
    object["persistent"] = s.persistent;
    object["autodestroy"] = s.autodestroy;
    object["started-usec"] = s.started_usec;
    object["live-xml"] = s.live_xml;
    object["definition-revision"] = s.definition_revision;
    object["firmware"] = s.firmware;
    json::array folders;
    for (auto& folder : s.cgroup_folders) folders.emplace_back(folder);
    object["cgroup-folders"] = std::move(folders);
    json::array auxiliaries;
    for (auto& process : s.auxiliaries)
        auxiliaries.push_back(json::object{{"program", process.program},
                                           {"device", process.device},
                                           {"pid", process.pid},
                                           {"process-start-time", process.start_time}});
    object["auxiliaries"] = std::move(auxiliaries);
    object["extra"] = s.extra;
    return object;
}

Result<Status> from_json(const json::object& object, const std::string& uuid, const std::string& file) {
    auto* version = object.if_contains(version_key);
    auto* number = version ? version->if_int64() : nullptr;
    if (!number || *number < 1)
        return fail(Errc::invalid_config, file, " does not say which version of Vireo's status documents it is");
    if (*number > status_version)
        return Failure(Error(Errc::unsupported, file + " has version " + std::to_string(*number) +
                                                    ", written by a newer Vireo; this one reads up to " +
                                                    std::to_string(status_version))
                           .with_hint("Start that newer version of Vireo: the guest goes on running meanwhile."));
    Status s;
    Reader reader(object);
    reader.text("uuid", s.uuid);
    reader.text("name", s.name);
    reader.number("id", s.id);
    read_phase(reader, s.phase);
    reader.number("pid", s.pid);
    reader.number("process-start-time", s.process_start_time);
    reader.text("monitor-path", s.monitor_path);
    reader.text("state", s.state);
    reader.text("reason", s.reason);
    reader.flag("persistent", s.persistent);
    reader.flag("autodestroy", s.autodestroy);
    reader.number("started-usec", s.started_usec);
    reader.text("live-xml", s.live_xml);
    reader.number("definition-revision", s.definition_revision);
    reader.text("firmware", s.firmware);
    reader.texts("cgroup-folders", s.cgroup_folders);
    read_auxiliaries(reader, object, s.auxiliaries);
    if (auto* extra = reader.find("extra")) {
        if (auto* value = extra->if_object())
            s.extra = *value;
        else
            reader.wrong("extra", "an object");
    }
    if (s.uuid != uuid) reader.wrong("uuid", "the one that names the file");
    if (s.pid < 0 || s.pid == 1) reader.wrong("pid", "the number of a guest's process");
    if (!reader.problem().empty()) return fail(Errc::invalid_config, file, " is malformed: ", reader.problem());
    return s;
}

Result<Status> load_one(const fs::path& path) {
    auto uuid = path.stem().string();
    if (!is_uuid(uuid)) return fail(Errc::invalid_config, path.string(), " is not named by a UUID");
    auto fd = open_regular_file(path, O_RDONLY);
    if (!fd) return Failure(fd.error());
    auto text = read_fd(fd->get(), path, max_document);
    if (!text) return Failure(text.error());
    boost::system::error_code error;
    auto value = json::parse(*text, error);  // nesting is bounded by the parser: 32
    auto* object = error ? nullptr : value.if_object();
    if (!object)
        return fail(Errc::invalid_config, path.string(),
                    " is malformed: ", error ? error.message() : "it is not an object");
    return from_json(*object, uuid, path.string());
}

}  // namespace

std::string_view to_string(Phase phase) noexcept {
    switch (phase) {
        case Phase::starting:
            return "starting";
        case Phase::running:
            return "running";
        case Phase::stopping:
            return "stopping";
    }
    return "starting";
}

StatusStore::StatusStore(fs::path folder) : folder_(std::move(folder)) {}

Result<> StatusStore::save(const Status& status) {
    if (!is_uuid(status.uuid)) return fail(Errc::invalid_argument, "'", status.uuid, "' is not a UUID in lower case");
    return replace_file(path_of(status.uuid), json::serialize(to_json(status)), 0600, Durable::no);
}

Result<> StatusStore::remove(const std::string& uuid) {
    if (!is_uuid(uuid)) return fail(Errc::invalid_argument, "'", uuid, "' is not a UUID in lower case");
    return remove_file(path_of(uuid), Durable::no);
}

Result<StatusStore::Loaded> StatusStore::load_all() const {
    Loaded loaded;
    remove_stray_files(folder_);
    std::error_code error;
    fs::directory_iterator at(folder_, error), end;
    for (; !error && at != end; at.increment(error)) {
        const auto& path = at->path();
        if (path.extension() != ".json") continue;
        if (auto one = load_one(path))
            loaded.statuses.push_back(std::move(*one));
        else
            loaded.problems.push_back({path, one.error()});
    }
    if (error) return Failure(system_error(error.value(), "cannot read the folder " + folder_.string()));
    return loaded;
}

}  // namespace vireo::state
