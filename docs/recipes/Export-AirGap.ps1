<#
.SYNOPSIS
    Packs images for a host without a network, with a list of their digests that proves them there.
.EXAMPLE
    ./Export-AirGap.ps1 nginx:1.27, ghcr.io/org/app:1.4.2 -Destination ./transfer
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory, Position = 0)] [string[]] $Image,
    [Parameter(Mandatory)] [string] $Destination
)
$ErrorActionPreference = 'Stop'
Import-Module OciTools

$null = New-Item -ItemType Directory -Force $Destination
$rows = foreach ($name in $Image) {
    $file = ($name -replace '[^\w.-]+', '_') + '.oci.tar'
    $copied = Copy-Image $name "oci-archive:$Destination/${file}:image" -Force
    [pscustomobject]@{ Image = $name; File = $file; Digest = $copied.DestinationDigest }
}
$rows | Export-Csv (Join-Path $Destination 'images.csv')
$rows
