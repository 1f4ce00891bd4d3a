#Requires -Version 7.6
<#
.SYNOPSIS
    Shows the main job of OciTools on a sample image, without any server: each command, then what it gives.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)] [string] $ModulePath,

    # Where the sample and the exported layers go.
    [string] $Folder = (Join-Path (Split-Path $PSScriptRoot) 'artifacts' 'demo')
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$PSStyle.OutputRendering = 'PlainText'
if (Test-Path $Folder) { Remove-Item $Folder -Recurse -Force }
$null = New-Item -ItemType Directory $Folder
& (Join-Path $PSScriptRoot 'New-SampleLayout.ps1') -Destination (Join-Path $Folder 'sample')
Import-Module (Join-Path $ModulePath 'OciTools.psd1')
Set-Location $Folder

$steps = @(
    '# What the name points at: an index with two platforms', 'Get-ImageManifest oci:sample:1.0'
    '# Its digest, and those of the platforms', 'Get-ImageDigest oci:sample:1.0 -Detailed'
    '# How it is run', 'Get-ImageConfig oci:sample:1.0 -Platform linux/arm64'
    '# How it was made, the newest row first', 'Get-ImageHistory oci:sample:1.0 -Platform linux/amd64'
    '# Sizes are numbers: they sort and add up'
    'Get-ImageLayer oci:sample:1.0 -Platform linux/amd64 | Sort-Object Size -Descending'
    'Get-LayerSize oci:sample:1.0 -Platform linux/amd64 | Measure-Object Size -Sum | Format-List Count, Sum'
    '# The layers as files, each proved while it was written', 'Export-ImageLayers oci:sample:1.0 -Platform linux/amd64 -Destination layers'
    '# The same proof by other means: the hash of each file is the digest of its layer'
    '$proof = Get-ImageLayer oci:sample:1.0 -Platform linux/amd64 | Export-ImageLayers -Destination layers -Force |
        Select-Object Layer, Digest, @{ Name = ''Proved''; Expression = { "sha256:$((Get-FileHash $_.Path).Hash)" -eq $_.Digest } }'
    '$proof'
)
foreach ($step in $steps) {
    if ($step.StartsWith('#')) { "`n$step"; continue }
    "PS> $step"
    Invoke-Expression $step | Out-String -Width 150 | ForEach-Object { $_.TrimEnd() }
}
if (@($proof.Layer | Sort-Object -Unique).Count -ne 3 -or $proof.Proved -contains $false) { throw 'A layer is missing, or its file has another digest.' }
"`nAll $($proof.Count) layers hold what their digests promise. The sample stays in $Folder."
