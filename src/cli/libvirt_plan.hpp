// SPDX-License-Identifier: LGPL-2.1-or-later
// What a host's libvirt has, and what of it Vireo would take over. Reads; changes nothing, neither there nor here.
//
// libvirt keeps (for the system; a user's lies under $XDG_CONFIG_HOME/libvirt):
//   etc/libvirt/qemu/NAME.xml                     definitions; autostart/NAME.xml: links to those that start by
//   themselves etc/libvirt/qemu/networks, nwfilter, ../storage, ../secrets var/lib/libvirt/qemu/nvram/NAME_VARS.fd
//   variable stores, unless the definition names another place var/lib/libvirt/qemu/save/NAME.save           saved
//   memory var/lib/libvirt/qemu/snapshot/NAME/, checkpoint/NAME/, var/lib/libvirt/swtpm/UUID/ run/libvirt/qemu/NAME.pid
//   while it runs
#pragma once
#include <boost/json/object.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace vireo::cli {

struct LibvirtFolders {
    std::filesystem::path config;  // …/libvirt: has qemu/, storage/, secrets/
    std::filesystem::path data;    // …/libvirt: has qemu/nvram, qemu/save, swtpm
    std::filesystem::path run;     // …/libvirt: has qemu/NAME.pid
};
LibvirtFolders system_folders(const std::filesystem::path& root);  // root: "/", or where a host's files were copied to
LibvirtFolders user_folders();                                     // of the caller

struct LibvirtDomain {
    std::filesystem::path file;
    std::string name, uuid;
    std::string xml;  // what would be defined: the definition with a store of Vireo's own in place of libvirt's
    std::filesystem::path nvram;  // the store whose content would be taken over; empty: none
    std::filesystem::path tpm;    // the folder of its emulated TPM's state; empty: none
    bool autostart = false;
    std::string refused;             // why it cannot be taken over; empty: it can
    std::vector<std::string> notes;  // what stays behind, and why, as sentences
};

struct LibvirtPlan {
    std::vector<LibvirtDomain> domains;  // by name
    std::vector<std::string> notes;      // about what is not a domain
};
// A file that cannot be read is a domain that is refused. Error(not_found) when there is no libvirt there.
LibvirtPlan plan_import(const LibvirtFolders& folders);

boost::json::object to_json(const LibvirtPlan& plan);

}  // namespace vireo::cli
