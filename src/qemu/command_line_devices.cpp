// SPDX-License-Identifier: LGPL-2.1-or-later
// Network, input, graphics, video, and what a guest has one of.
#include "qemu/command_line_builder.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace vireo::qemu {
using model::Input;
using model::VideoModel;

namespace {

constexpr std::uint64_t mebibyte = 1u << 20;
constexpr std::uint32_t pvpanic_port = 0x505;

// Any other device of QEMU's is not a network card, whatever the definition calls it.
constexpr std::array<std::string_view, 20> network_cards{
    "e1000",    "e1000-82544gc", "e1000-82545em", "e1000e", "igb",    "rtl8139", "ne2k_pci",
    "ne2k_isa", "pcnet",         "vmxnet3",       "tulip",  "i82550", "i82551",  "i82557a",
    "i82557b",  "i82558a",       "i82559er",      "i82562", "i82801", "virtio"};

}  // namespace

void CommandLineBuilder::add_interfaces() {
    const auto boot = std::ranges::find(domain_.os.boot, model::BootDevice::network);
    for (std::size_t i = 0; i < domain_.devices.interfaces.size(); ++i) {
        const auto& interface = domain_.devices.interfaces[i];
        const auto owner = describe(interface);
        if (std::ranges::find(network_cards, interface.model) == network_cards.end()) {
            problem(Errc::unsupported,
                    fmt::format("{} has the model '{}', which is not supported", owner, interface.model),
                    "virtio, e1000e, e1000 and rtl8139 are the usual ones");
            continue;
        }
        const bool is_virtio = interface.model == "virtio";
        json::object host;
        host["type"] = "user";
        host["id"] = fmt::format("host{}", interface.info.alias);
        add("-netdev", host);
        auto object = device(is_virtio ? "virtio-net-pci" : interface.model, interface.info, owner);
        object["netdev"] = host["id"];
        object["mac"] = interface.mac;
        if (interface.boot_order)
            object["bootindex"] = *interface.boot_order;
        else if (i == 0 && boot != domain_.os.boot.end())
            object["bootindex"] = boot - domain_.os.boot.begin() + 1;
        if (interface.model != "ne2k_isa") add_address(object, interface.info, owner);
        add("-device", object);
    }
}

void CommandLineBuilder::add_inputs() {
    for (const auto& input : domain_.devices.inputs) {
        const auto bus = input.bus.value_or(Input::Bus::ps2);
        if (bus == Input::Bus::ps2) continue;  // part of the machine
        const bool usb = bus == Input::Bus::usb;
        std::string_view driver;
        switch (input.type) {
            case Input::Type::mouse:
                driver = usb ? "usb-mouse" : "virtio-mouse-pci";
                break;
            case Input::Type::tablet:
                driver = usb ? "usb-tablet" : "virtio-tablet-pci";
                break;
            case Input::Type::keyboard:
                driver = usb ? "usb-kbd" : "virtio-keyboard-pci";
                break;
            default:
                problem(Errc::unsupported, describe(input) + " is not supported yet");
        }
        auto object = device(driver, input.info, describe(input));
        add_address(object, input.info, describe(input));
        add("-device", object);
    }
}

void CommandLineBuilder::add_graphics() {
    for (std::size_t i = 0; i < domain_.devices.graphics.size(); ++i) {
        const auto& graphics = domain_.devices.graphics[i];
        const auto& place = resources_.graphics[i];
        std::string vnc = "none";
        if (!place.socket.empty()) {
            vnc = "unix:" + escape_commas(place.socket);
        } else if (place.port) {
            if (place.port < 5900)
                return problem(Errc::invalid_config, "the port of VNC graphics cannot be below 5900");
            auto address = place.address.empty() ? std::string("127.0.0.1") : place.address;
            if (address.find(':') != std::string::npos) address = '[' + address + ']';
            vnc = fmt::format("{}:{}", escape_commas(address), place.port - 5900);
        }
        if (place.websocket) vnc += fmt::format(",websocket={}", place.websocket);
        if (graphics.share_policy) vnc += fmt::format(",share={}", to_string(*graphics.share_policy));
        add("-vnc", std::move(vnc));
        if (!graphics.keymap.empty()) add("-k", graphics.keymap);
    }
}

void CommandLineBuilder::add_video(const model::Video& video) {
    using enum VideoModel::Type;
    const auto& model = video.model;
    const bool primary = model.primary == true && x86();
    const auto mebibytes = [](std::optional<std::uint64_t> bytes) { return bytes.value_or(16 * mebibyte) / mebibyte; };
    std::string_view driver;
    switch (model.kind()) {
        case none:
            return;
        case vga:
            driver = primary ? "VGA" : "secondary-vga";
            break;
        case cirrus:
            driver = "cirrus-vga";
            break;
        case qxl:
            driver = primary ? "qxl-vga" : "qxl";
            break;
        case VideoModel::Type::virtio:
            driver = primary ? "virtio-vga" : "virtio-gpu-pci";
            break;
        case bochs:
            driver = "bochs-display";
            break;
        case ramfb:
            driver = "ramfb";
            break;
        default:
            return problem(Errc::unsupported, describe(video) + " is not supported");
    }
    auto object = device(driver, video.info, describe(video));
    if (model.type == qxl || model.type == VideoModel::Type::virtio) object["max_outputs"] = model.heads.value_or(1);
    if (model.type == qxl) {
        object["ram_size"] = model.ram.value_or(64 * mebibyte);
        object["vram_size"] = model.vram.value_or(64 * mebibyte);
        object["vgamem_mb"] = mebibytes(model.vgamem);
    }
    if (model.type == vga) object["vgamem_mb"] = mebibytes(model.vram);
    if (model.type == bochs) object["vgamem"] = model.vram.value_or(16 * mebibyte);
    if (model.type != ramfb) add_address(object, video.info, describe(video));
    add("-device", object);
}

void CommandLineBuilder::add_videos() {
    for (const bool primary : {true, false})  // the first that QEMU sees is the one that the firmware draws on
        for (const auto& video : domain_.devices.videos)
            if ((video.model.primary == true) == primary) add_video(video);
}

void CommandLineBuilder::add_rest() {
    const auto& devices = domain_.devices;
    for (const auto& watchdog : devices.watchdogs) {
        auto object = device(to_string(watchdog.model), watchdog.info, describe(watchdog));
        add_address(object, watchdog.info, describe(watchdog));
        add("-device", object);
    }
    if (devices.memballoon && devices.memballoon->model != model::Memballoon::Model::none) {
        const auto& balloon = *devices.memballoon;
        auto object = device("virtio-balloon-pci", balloon.info, describe(balloon));
        if (balloon.autodeflate) object["deflate-on-oom"] = *balloon.autodeflate;
        if (balloon.free_page_reporting) object["free-page-reporting"] = *balloon.free_page_reporting;
        add_address(object, balloon.info, describe(balloon));
        add("-device", object);
    }
    for (const auto& rng : devices.rngs) {
        const auto* random = std::get_if<model::RngRandom>(&rng.backend);
        json::object source;
        source["qom-type"] = random ? "rng-random" : "rng-builtin";
        source["id"] = "obj" + rng.info.alias;
        if (random) source["filename"] = random->path.empty() ? "/dev/urandom" : random->path;
        add("-object", source);
        auto object = device("virtio-rng-pci", rng.info, describe(rng));
        object["rng"] = source["id"];
        if (rng.rate) {
            object["max-bytes"] = rng.rate->bytes;
            object["period"] = rng.rate->period.value_or(1000);
        }
        add_address(object, rng.info, describe(rng));
        add("-device", object);
    }
    for (const auto& panic : devices.panics) {
        auto object = device("pvpanic", panic.info, describe(panic));
        const auto* at = panic.info.address ? std::get_if<model::IsaAddress>(&*panic.info.address) : nullptr;
        object["ioport"] = at ? at->iobase.value_or(pvpanic_port) : pvpanic_port;
        add("-device", object);
    }
}

}  // namespace vireo::qemu
