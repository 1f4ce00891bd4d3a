<#
.SYNOPSIS
    Mirrors the images of a list, writes a log, and ends with exit code 1 if one of them failed.
.DESCRIPTION
    The list has a name in each line; empty lines and lines that begin with # do not count. What is at the mirror already is not sent again.
.EXAMPLE
    pwsh -File ./Copy-ImageList.ps1 images.txt mirror.example.com/hub -Log ./mirror.log
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory, Position = 0)] [string] $List,

    # The registry, and the beginning of the repositories there.
    [Parameter(Mandatory, Position = 1)] [string] $Mirror,

    [string] $Log = 'mirror.log'
)
Import-Module OciTools

$failures = $null
$pairs = Get-Content $List | Where-Object { $_ -match '^\s*[^#\s]' } | ForEach-Object {
    # the last parts of the name, without the registry
    $name = $_.Trim() -replace '@.*$' -replace '^[^/]*[.:][^/]*/'
    [pscustomobject]@{ Image = $_.Trim(); Destination = "$Mirror/$name" }
}
$copied = @($pairs | Copy-Image -Force -IncludeReferrers -ErrorAction Continue -ErrorVariable failures)
$stamp = Get-Date -Format o
@(
    $copied.ForEach{ "$stamp copied $($_.Image) to $($_.Destination): $($_.DestinationDigest), $($_.BytesSent) bytes sent" }
    $failures.ForEach{ "$stamp FAILED $($_.TargetObject): $_" }
) | Add-Content $Log
$copied
exit ($failures ? 1 : 0)
