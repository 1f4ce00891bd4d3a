<#
.SYNOPSIS
    Finds tags of repositories that stand for the same image.
.EXAMPLE
    ./Get-SameTag.ps1 registry.example.com/app, registry.example.com/web
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory, Position = 0, ValueFromPipeline)] [string[]] $Repository
)
begin { Import-Module OciTools }
process {
    foreach ($one in $Repository) {
        Get-ImageTag $one -Detailed | Group-Object Digest | Where-Object Count -GT 1 | ForEach-Object {
            [pscustomobject]@{ Repository = $one; Digest = $_.Name; Tags = @($_.Group.Tag); Created = $_.Group[0].Created }
        }
    }
}
