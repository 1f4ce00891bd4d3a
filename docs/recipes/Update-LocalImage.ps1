<#
.SYNOPSIS
    Pulls again what the local engine has of tags that have moved on in their registries.
.EXAMPLE
    ./Update-LocalImage.ps1 -WhatIf
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    # Only images with such a name; wildcards are taken.
    [Parameter(Position = 0)] [string[]] $Name = '*'
)
Import-Module OciTools

foreach ($image in Get-Image $Name -Detailed | Where-Object RegistryState -EQ Behind) {
    $tag = "$($image.Repository):$($image.Tag)"
    Copy-Image $tag "docker-daemon:$tag" -UseEngine -Force
}
