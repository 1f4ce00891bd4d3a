<#
.SYNOPSIS
    Gives the largest layers of all images in a registry, each once, with the images that have it.
.EXAMPLE
    ./Get-LargestLayer.ps1 registry.example.com | Format-Table
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory, Position = 0)] [string] $Registry,
    [int] $First = 10
)
Import-Module OciTools

Get-ImageRepository $Registry | Get-ImageTag | Get-ImageLayer | Group-Object Digest | ForEach-Object {
    [pscustomobject]@{
        Size      = $_.Group[0].Size
        Digest    = $_.Name
        CreatedBy = $_.Group[0].CreatedBy
        Images    = @($_.Group.Image | Sort-Object -Unique)
    }
} | Sort-Object Size -Descending | Select-Object -First $First
