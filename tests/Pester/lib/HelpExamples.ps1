#Requires -Version 7.6
<#
.SYNOPSIS
    Reads the examples of the help pages, and says whether what one gave has the shape of what its page shows. Dot-sourced.
#>

# Page, Title, Code, and Shown: the lines that the page shows as its output, none where it shows none.
function Get-HelpExample([string] $Path) {
    $text = (Get-Content -Raw -LiteralPath $Path) -replace '\r'
    $section = [regex]::Match($text, '(?ms)^## EXAMPLES\n(.+?)^## PARAMETERS').Groups[1].Value
    foreach ($example in [regex]::Matches($section, '(?ms)^### (?<title>[^\n]+)\n+```powershell\n(?<code>.+?)\n```\n(?:\n```Output\n(?<shown>.*?)\n```\n)?')) {
        [pscustomobject]@{
            Page  = [IO.Path]::GetFileNameWithoutExtension($Path)
            Title = $example.Groups['title'].Value
            Code  = $example.Groups['code'].Value
            Shown = @(if ($example.Groups['shown'].Success) { $example.Groups['shown'].Value -split '\n' })
        }
    }
}

# A line with marks in place of what another run may give otherwise: digests, sizes, dates and times. Words, columns and small counts stay.
function Get-Shape([string] $Line) {
    $Line -creplace '\b[0-9a-f]{64}\b', '<hash>' -creplace 'sha256:[0-9a-f]{12}\b', '<digest>' -creplace '\b(?=[0-9a-f]*\d)[0-9a-f]{12}\b', '<id>' `
        -replace '\d{2}/\d{2}/\d{4} \d{2}:\d{2}:\d{2}|\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}Z?)?', '<date>' -replace '\b\d{2}:\d{2}:\d{2}(\.\d+)?\b', '<time>' `
        -replace '\b\d+ bytes\b', '<size>' -replace '(?<=^|[\s~])~?\d+(\.\d+)? (B|kB|MB)(?= |,|\)|$)', '<size>' -replace '\b\d{4,}\b', '<number>' -replace '\S*…', '…' -replace ' +', ' ' -replace ' $'
}

# What is not as the page shows it; nothing where all is. Registries list repositories, tags and referrers in any order, and docker save writes
# images so.
function Compare-Shown($Example, [string[]] $Given) {
    $isUnordered = $Example.Code -match 'Get-Image(Tag|Repository|Referrer)\b|images\.tar' -and $Example.Code -notmatch 'Sort-Object'
    $expected, $found = foreach ($lines in $Example.Shown, $Given) { , @($lines.ForEach{ Get-Shape $_ } | Sort-Object -CaseSensitive { $isUnordered ? $_ : '' } -Stable) }
    if (($expected -join "`n") -cne ($found -join "`n")) { "the page shows:`n$($expected -join "`n")`nand it gave:`n$($found -join "`n")" }
}

# Writes into a page what its examples gave: title -> lines.
function Set-HelpOutput([string] $Path, [hashtable] $Given) {
    $text = Get-Content -Raw -LiteralPath $Path
    $section = [regex]::Match($text, '(?ms)^## EXAMPLES\n.+?^## PARAMETERS')
    $new = [regex]::Replace($section.Value, '(?ms)^### (?<title>[^\n]+)\n+```powershell\n.+?\n```\n(?<shown>\n```Output\n.*?\n```\n)?', {
            param($match)
            $title = $match.Groups['title'].Value
            if (-not $Given.ContainsKey($title)) { return $match.Value }
            $code = $match.Value.Substring(0, $match.Length - $match.Groups['shown'].Length)
            $fence = '```'
            $Given[$title] ? "$code`n${fence}Output`n$($Given[$title] -join "`n")`n$fence`n" : $code
        })
    Set-Content -NoNewline -LiteralPath $Path ($text.Remove($section.Index, $section.Length).Insert($section.Index, $new))
}
