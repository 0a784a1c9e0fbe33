// SPDX-License-Identifier: LGPL-2.1-or-later
// vireo(1), in man(7)'s macros. docs/man/vireo.1 is this text; a test compares them.
#include "cli/groups.hpp"

namespace vireo::cli {
namespace {

std::string escaped(std::string_view text) {
    std::string out;
    for (char c : text) {
        if (c == '\\')
            out += "\\e";
        else if (c == '-')
            out += "\\-";
        else if ((c == '.' || c == '\'') && (out.empty() || out.back() == '\n'))
            out += std::string("\\&") + c;
        else
            out += c;
    }
    return out;
}

void describe(std::string& out, const Option& option) {
    out += ".TP\n\\fB\\-\\-" + escaped(option.name) + "\\fR" +
           (option.value ? " \\fI" + escaped(option.value) + "\\fR" : "") + "\n" + escaped(option.about) + "\n";
}

void describe(std::string& out, const Verb& verb) {
    out += ".SS \"" + escaped(usage_line(verb)) + "\"\n" + escaped(verb.about) + ".\n";
    if (verb.alias) out += "Also called \\fB" + escaped(verb.alias) + "\\fR.\n";
    if (*verb.details) out += escaped(verb.details) + "\n";
    for (auto& option : verb.options) describe(out, option);
}

const char* head = R"(.\" SPDX-License-Identifier: LGPL-2.1-or-later
.\" Made by 'vireo __manual' from the command's own table of verbs.
.TH VIREO 1 "" "Vireo )" VIREO_VERSION R"(" "User Commands"
.SH NAME
vireo \- run and look after virtual machines
.SH SYNOPSIS
.B vireo
\fIVERB\fR [\fIOPERAND\fR]... [\fIOPTION\fR]...
.SH DESCRIPTION
.B vireo
asks
.BR vireod (8)
to define, start, watch and stop virtual machines.
A domain is named by its UUID, its name, or its number while it runs.
Work that takes longer than a blink is a job of the daemon: the command waits for it,
and the job goes on when the command is interrupted.
)";

const char* tail = R"(.SH EXIT STATUS
.TP
.B 0
Done.
.TP
.B 1
It failed; the message says why.
.TP
.B 2
The command line is wrong.
.TP
.B 3
There is no such domain, job, file or method.
.TP
.B 4
The domain is not in a state in which this can be done, is busy, or is not at the revision asked for.
.TP
.B 5
It is not allowed.
.TP
.B 6
The daemon, or a service that it needs, cannot be reached.
.TP
.B 7
It took longer than it was allowed to.
.TP
.B 130
Interrupted.
.SH ENVIRONMENT
.TP
.B VIREO_CONNECT
The daemon to use when there is no \fB\-\-connect\fR: \fBsession\fR, \fBsystem\fR or \fBunix:\fR\fIPATH\fR.
.TP
.BR VISUAL ", " EDITOR
The editor of \fBvireo edit\fR.
.SH FILES
.TP
.I /run/vireo/vireo.sock
The system's daemon.
.TP
.I $XDG_RUNTIME_DIR/vireo/vireo.sock
The user's own daemon.
.SH EXAMPLES
.nf
vireo define demo.xml
vireo start demo \-\-verbose
vireo console demo
vireo events \-\-timestamp
vireo rpc Domain.GetInfo '{"domain": "demo"}'
.fi
.SH SEE ALSO
.BR vireod (8)
)";

}  // namespace

std::string manual() {
    std::string out = head;
    out += ".SH OPTIONS OF EVERY VERB\n";
    for (auto& option : global_options()) describe(out, option);
    out +=
        "Short forms: \\fB\\-c\\fR, \\fB\\-j\\fR, \\fB\\-q\\fR, \\fB\\-v\\fR, \\fB\\-h\\fR, \\fB\\-V\\fR.\n.SH VERBS\n";
    for (auto& group : groups())
        for (auto& verb : group.verbs)
            if (!verb.hidden) describe(out, verb);
    return out + tail;
}

}  // namespace vireo::cli
