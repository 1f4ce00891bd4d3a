#Requires -Version 7.6
<#
.SYNOPSIS
    The facts of files, as other people's tools tell them and as OciTools does, and what differs. Dot-sourced by the tests.
.DESCRIPTION
    Paths and links are texts of one character a byte. The facts of a path are an array of texts:
    type, mode, owner, time, size, link, first other name, device, attributes, digest of the content.
#>

$Latin = [Text.Encoding]::Latin1
function Read-Field([string] $Path) { , $Latin.GetString([IO.File]::ReadAllBytes($Path)).Split("`0") }

# Seconds without zeros that say nothing.
function Format-Second([string] $Text) { $Text.Contains('.') ? $Text.TrimEnd('0').TrimEnd('.') : $Text }

# What getfattr writes: each value by the path and the name of the attribute.
function Read-Attribute([string] $Path) {
    $found = @{}
    $at = $null
    foreach ($line in $Latin.GetString([IO.File]::ReadAllBytes($Path)).Split("`n")) {
        if ($line.StartsWith('# file: ')) { $at = [regex]::Replace($line.Substring(8), '\\([0-7]{3})', { [string][char][Convert]::ToInt32($args[0].Groups[1].Value, 8) }) }
        elseif ($line) { $found[$at] = $found[$at] ? "$($found[$at]),$line" : $line }
    }
    $found
}

# The facts of all files below each directory of a folder, by the name of the directory and the path in it. One process for each question.
function Get-DirectoryFact([string] $Folder) {
    $script = @'
cd "$1"
find . -mindepth 1 -printf '%P\0%y\0%m\0%U:%G\0%T@\0%s\0%l\0%n\0%D.%i\0' > "$2.facts"
find . \( -type c -o -type b \) -print0 | xargs -0r stat --printf '%n\0%t:%T\0' > "$2.devices"
find . -type f -print0 | xargs -0r sha256sum -z > "$2.digests"
getfattr -R -h -P -d -m - -e hex . > "$2.attributes"
'@
    $files = "$Folder.found"
    $null = sh -c $script sh $Folder $files
    $devices = @{}
    $fields = Read-Field "$files.devices"
    for ($i = 0; $i + 1 -lt $fields.Length; $i += 2) {
        $major, $minor = $fields[$i + 1].Split(':') | ForEach-Object { [Convert]::ToInt64($_, 16) }
        $devices[$fields[$i].Substring(2)] = "${major}:$minor"
    }
    $digests = @{}
    foreach ($line in (Read-Field "$files.digests")) { if ($line) { $digests[$line.Substring(68)] = 'sha256:' + $line.Substring(0, 64) } }
    $attributes = Read-Attribute "$files.attributes"
    $trees = @{}
    $first = @{}
    $fields = Read-Field "$files.facts"
    for ($i = 0; $i + 8 -lt $fields.Length; $i += 9) {
        $path = $fields[$i]
        $slash = $path.IndexOf('/')
        $tree = $slash -lt 0 ? $path : $path.Substring(0, $slash)
        $inner = $slash -lt 0 ? '' : $path.Substring($slash + 1)
        if (-not $trees.ContainsKey($tree)) { $trees[$tree] = [Collections.Generic.SortedDictionary[string, string[]]]::new([StringComparer]::Ordinal) }
        $type = $fields[$i + 1]
        $isFile = $type -eq 'f'
        # for now the number of the content; files of one name have none
        $names = $type -ne 'd' -and $fields[$i + 7] -ne '1' ? $fields[$i + 8] : ''
        $trees[$tree].Add($inner, @(
                $type, ($type -eq 'l' ? '' : $fields[$i + 2]), $fields[$i + 3], (Format-Second $fields[$i + 4]), ($isFile ? $fields[$i + 5] : ''), $fields[$i + 6]
                $names, $devices[$path], $attributes[$path], ($isFile ? $digests[$path] : '')))
    }
    foreach ($tree in $trees.Values) {
        foreach ($pair in $tree.GetEnumerator()) {
            $number = $pair.Value[6]
            if (-not $number) { continue }
            if (-not $first.ContainsKey($number)) { $first[$number] = $pair.Key }
            $pair.Value[6] = $first[$number]
        }
    }
    Remove-Item "$files.*"
    $trees
}

# What differs between two trees. A directory that no layer has an entry for has the time at which it was made.
function Compare-Fact($Theirs, $Ours, [Collections.Generic.HashSet[string]] $Timeless) {
    foreach ($path in @($Theirs.Keys) + @($Ours.Keys | Where-Object { -not $Theirs.ContainsKey($_) })) {
        $their, $our = foreach ($tree in $Theirs, $Ours) {
            $fact = $null
            if (-not $tree.TryGetValue($path, [ref] $fact)) { 'nothing'; continue }
            if ($Timeless.Contains($path)) { $fact = [string[]]$fact.Clone(); $fact[3] = '' }
            [string]::Join('|', $fact)
        }
        if ($their -cne $our) { "${path}: they have $their, we have $our" }
    }
}

# As much of the facts as Get-ImageFile tells of the merged image: tenths of microseconds, names of attributes, no digest.
function ConvertTo-ListedFact($Tree) {
    $listed = [Collections.Generic.SortedDictionary[string, string[]]]::new([StringComparer]::Ordinal)
    foreach ($pair in $Tree.GetEnumerator()) {
        $fact = [string[]]$pair.Value.Clone()
        $second, $part = $fact[3].Split('.')
        $fact[3] = [long]$second * 10000000 + [long]("$part".PadRight(7, '0').Substring(0, 7))
        $fact[5] = ConvertTo-ShownText $fact[5]
        $fact[8] = ($fact[8] -split ',' -replace '=.*' | Sort-Object) -join ','
        $fact[9] = ''
        $listed.Add($pair.Key, $fact)
    }
    $listed
}

# The same of OciTools. It has no time for the epoch.
function Get-ListedFact([object[]] $Files) {
    $types = @{ File = 'f'; Directory = 'd'; SymbolicLink = 'l'; CharacterDevice = 'c'; BlockDevice = 'b'; Fifo = 'p' }
    $byPath = [Collections.Generic.Dictionary[string, object]]::new()
    $names = [Collections.Generic.Dictionary[string, Collections.Generic.List[string]]]::new()
    foreach ($file in $Files) {
        $byPath[$file.FilePath] = $file
        if ($file.Type -ne 'HardLink') { continue }
        if (-not $names.ContainsKey($file.LinkTarget)) { $names[$file.LinkTarget] = @($Latin.GetString($byPath[$file.LinkTarget].FilePathBytes).Substring(1)) }
        $names[$file.LinkTarget].Add($Latin.GetString($file.FilePathBytes).Substring(1))
    }
    foreach ($list in $names.Values) { $list.Sort([StringComparer]::Ordinal) }
    $listed = [Collections.Generic.SortedDictionary[string, string[]]]::new([StringComparer]::Ordinal)
    foreach ($file in $Files) {
        $isLink = $file.Type -eq 'HardLink'
        $first = $isLink ? $byPath[$file.LinkTarget] : $file
        $type = $types[$first.Type]
        $time = ($file.Modified ?? [datetime]::UnixEpoch).ToUniversalTime().Ticks - [datetime]::UnixEpoch.Ticks
        $listed.Add($Latin.GetString($file.FilePathBytes).Substring(1), @(
                $type, ($type -eq 'l' ? '' : [Convert]::ToString($file.Mode, 8)), "$($file.UserId):$($file.GroupId)", $time, $first.Size, ($type -eq 'l' ? $first.LinkTarget : '')
                ($names.ContainsKey($first.FilePath) ? $names[$first.FilePath][0] : ''), $file.Device, (($file.Attributes | Sort-Object) -join ','), ''))
    }
    , $listed
}

# A text in quotes of C, as GNU tar writes it.
function ConvertFrom-Quoted([string] $Text) {
    if (-not $Text.Contains('\')) { return $Text }
    [regex]::Replace($Text, '\\([0-7]{3}|.)', {
            $escape = $args[0].Groups[1].Value
            if ($escape.Length -eq 3) { return [string][char][Convert]::ToInt32($escape, 8) }
            $at = 'abtnvfr'.IndexOf($escape)
            $at -lt 0 ? $escape : [string][char](7, 8, 9, 10, 11, 12, 13)[$at]
        })
}

function ConvertTo-CleanPath([string] $Text) { ($Text.Split('/') | Where-Object { $_ -and $_ -ne '.' }) -join '/' }

# A link as OciTools shows it. The fixtures have either UTF-8 or no character of several bytes.
function ConvertTo-ShownText([string] $Text) {
    try { [Text.UTF8Encoding]::new($false, $true).GetString($Latin.GetBytes($Text)) }
    catch { [regex]::Replace($Text, '[\x80-\xff]', { '\x{0:x2}' -f [int][char]$args[0].Value }) }
}

# The entries of a layer in their order, as GNU tar lists them: a line for each.
function Get-TarEntry([string] $Listing) {
    $quoted = '"((?:[^"\\]|\\.)*)"'
    $pattern = [regex]::new("^([-dlhcbp])([-rwxsStT]{9}) +(\d+)/(\d+) +([\d,]+) (\S+ [^ .]+)(?:\.(\d+))? +$quoted(?: (?:->|link to) $quoted)?$", 'Compiled')
    foreach ($line in $Latin.GetString([IO.File]::ReadAllBytes($Listing)).Split("`n")) {
        if (-not $line) { continue }
        $match = $pattern.Match($line)
        if (-not $match.Success) { throw "GNU tar says: $line" }
        $groups = $match.Groups
        $type = $groups[1].Value
        $path = ConvertTo-CleanPath (ConvertFrom-Quoted $groups[8].Value)
        $link = $groups[9].Success ? (ConvertFrom-Quoted $groups[9].Value) : ''
        $isWhiteout = $path.Substring($path.LastIndexOf('/') + 1).StartsWith('.wh.')
        @(
            $path, $type, $groups[2].Value, "$($groups[3].Value):$($groups[4].Value)", "$($groups[6].Value).$($groups[7].Value.PadRight(7, '0').Substring(0, 7))"
            ($type -eq '-' -and -not $isWhiteout ? $groups[5].Value : ''), ($type -eq 'h' ? '/' + (ConvertTo-ShownText (ConvertTo-CleanPath $link)) : (ConvertTo-ShownText $link))
            ($type -in 'c', 'b' ? $groups[5].Value.Replace(',', ':') : '')
        ) -join '|'
    }
}

# The same of OciTools. It has no time for the epoch.
function Get-ListedEntry([object[]] $Files) {
    $types = @{ File = '-'; Directory = 'd'; SymbolicLink = 'l'; HardLink = 'h'; CharacterDevice = 'c'; BlockDevice = 'b'; Fifo = 'p'; Whiteout = '-'; OpaqueWhiteout = '-' }
    foreach ($file in $Files) {
        $time = ($file.Modified ?? [datetime]::UnixEpoch).ToUniversalTime().ToString('yyyy-MM-dd HH:mm:ss.fffffff', [cultureinfo]::InvariantCulture)
        @(
            $Latin.GetString($file.FilePathBytes).Substring(1), $types[$file.Type], $file.Permissions.Substring(1), "$($file.UserId):$($file.GroupId)", $time
            $file.Size, $file.LinkTarget, $file.Device
        ) -join '|'
    }
}
