<#
.SYNOPSIS
    Proves images that came without a network against the list of their digests, and loads them into the local engine.
.DESCRIPTION
    The list itself has to be trusted: carry it, or the digests in it, by another way than the archives.
.EXAMPLE
    ./Import-AirGap.ps1 ./transfer/images.csv -NoLoad
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory, Position = 0)] [string] $List,

    # Proves only.
    [switch] $NoLoad
)
$ErrorActionPreference = 'Stop'
Import-Module OciTools

$folder = Split-Path (Resolve-Path $List)
foreach ($row in Import-Csv $List) {
    # by its digest, so that an archive with another image is one that does not have this
    $image = "oci-archive:$(Join-Path $folder $row.File)@$($row.Digest)"
    $test = Test-Image $image
    if (-not $test.Passed) { throw "$($row.File) is damaged: $(($test.Checks | Where-Object Passed -EQ $false).Message -join ' ')" }
    if (-not $NoLoad) { $null = Copy-Image $image "docker-daemon:$($row.Image -replace '@.*$')" -Force }
    [pscustomobject]@{ Image = $row.Image; Digest = $row.Digest; Proved = $true; Loaded = -not $NoLoad }
}
