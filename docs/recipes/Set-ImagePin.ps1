<#
.SYNOPSIS
    Pins the images of compose files and Kubernetes manifests to the digests that their tags stand for now.
.EXAMPLE
    ./Set-ImagePin.ps1 compose.yaml, ./k8s/*.yaml -WhatIf
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    [Parameter(Mandatory, Position = 0)] [string[]] $Path
)
$ErrorActionPreference = 'Stop'
Import-Module OciTools

# image: NAME, also in quotation marks or as an item of a list; what has a digest or a variable stays as it is
$pattern = '(?m)^(?<before>[ \t]*(?:-[ \t]+)?image:[ \t]*(?<quote>["'']?))(?<name>[^\s"''#@$]+)(?=\k<quote>[ \t]*(?:#.*)?\r?$)'
$texts = [ordered]@{}
foreach ($file in Get-Item $Path) { $texts[$file.FullName] = [IO.File]::ReadAllText($file.FullName) }
$names = [regex]::Matches($texts.Values -join "`n", $pattern).ForEach{ $_.Groups['name'].Value } | Sort-Object -Unique

# results keep the order of the names; one name that cannot be found ends it before anything is written
$digests = @{}
$found = @($names | Get-ImageDigest)
for ($i = 0; $i -lt $found.Count; $i++) { $digests[@($names)[$i]] = $found[$i].Digest }

foreach ($file in $texts.Keys) {
    $pinned = [regex]::Replace($texts[$file], $pattern, { param($match) "$($match.Groups['before'])$($match.Groups['name'])@$($digests[$match.Groups['name'].Value])" })
    if ($pinned -cne $texts[$file] -and $PSCmdlet.ShouldProcess($file, 'Pin images')) { [IO.File]::WriteAllText($file, $pinned) }
    [pscustomobject]@{ File = $file; Pinned = [regex]::Matches($texts[$file], $pattern).Count }
}
