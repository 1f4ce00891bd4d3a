<#
.SYNOPSIS
    Keeps the newest tags of a repository and removes the others. A tag whose image says no date is left alone.
.DESCRIPTION
    Run it with -WhatIf first: the list that it shows is the one that would go.
.EXAMPLE
    ./Remove-OldTag.ps1 registry.example.com/app -Keep 10 -WhatIf
#>
[CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')]
param(
    [Parameter(Mandatory, Position = 0)] [string] $Repository,
    [int] $Keep = 10
)
Import-Module OciTools

$tags = Get-ImageTag $Repository -Detailed
foreach ($undated in $tags | Where-Object Created -EQ $null) { Write-Verbose "$($undated.Image) says no date and stays." }
$tags | Where-Object Created | Sort-Object Created -Descending | Select-Object -Skip $Keep | Remove-Image
