# SPDX-License-Identifier: LGPL-2.1-or-later
# fish completion for vireo: made by 'vireo completion fish'
function __vireo_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l found ($words[1] __complete -- $words[2..-1] 2>/dev/null)
    if test "$found[1]" = ":file"
        __fish_complete_path (commandline -ct)
    else
        printf '%s\n' $found
    end
end
complete -c vireo -f -a '(__vireo_complete)'
