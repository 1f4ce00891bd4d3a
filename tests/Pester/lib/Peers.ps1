#Requires -Version 7.6
<#
.SYNOPSIS
    What other people's tools say about the images of the tests. Dot-sourced by the tests; expected values come from here only.
#>

# The places that hold the two-platform sample, as OciTools and as skopeo name it. skopeo is asked about the unpacked file.
function Get-MultiPlace {
    @{ Place = 'registry'; Key = 'Registry'; Name = "$($World['Registry'])/fixture/multi:1.0"; Peer = "docker://$($World['Registry'])/fixture/multi:1.0" }
    @{ Place = 'registry, Docker manifest list'; Key = 'Registry'; Name = "docker://$($World['Registry'])/fixture/multi:list"; Peer = "docker://$($World['Registry'])/fixture/multi:list" }
    @{ Place = 'OCI layout'; Key = 'Layout'; Name = "oci:$($World['Layout']):multi"; Peer = "oci:$($World['Layout']):multi" }
    @{ Place = 'OCI layout by path'; Key = 'Sample'; Name = $World['Sample']; Peer = "oci:$($World['Sample']):1.0" }
    @{ Place = 'OCI archive'; Key = 'OciArchive'; Name = "oci-archive:$($World['OciArchive']):multi"; Peer = "oci-archive:$($World['OciArchive']):multi" }
    @{ Place = 'OCI archive, gzip'; Key = 'OciArchiveGz'; Name = "oci-archive:$($World['OciArchiveGz']):multi"; Peer = "oci-archive:$($World['OciArchive']):multi" }
    @{ Place = 'OCI archive, zstd'; Key = 'OciArchiveZst'; Name = "oci-archive:$($World['OciArchiveZst'])"; Peer = "oci-archive:$($World['OciArchive']):multi" }
}

# The places with a manifest that hold one image each.
function Get-SinglePlace {
    @{ Place = 'registry, Docker manifest'; Key = 'App'; Name = "$($World['Registry'])/fixture/app:1.0"; Peer = "docker://$($World['Registry'])/fixture/app:1.0" }
    @{ Place = 'registry, OCI manifest'; Key = 'App'; Name = "$($World['Registry'])/fixture/app:oci"; Peer = "docker://$($World['Registry'])/fixture/app:oci" }
    @{ Place = 'layout of skopeo'; Key = 'App'; Name = "oci:$($World['Layout']):app"; Peer = "oci:$($World['Layout']):app" }
    @{ Place = 'layout of skopeo, zstd layers'; Key = 'ZstdLayout'; Name = "oci:$($World['ZstdLayout']):zstd"; Peer = "oci:$($World['ZstdLayout']):zstd" }
    @{ Place = 'layout of umoci'; Key = 'UmociLayout'; Name = "oci:$($World['UmociLayout']):made"; Peer = "oci:$($World['UmociLayout']):made" }
    @{ Place = 'layout of buildah'; Key = 'BuildahLayout'; Name = "oci:$($World['BuildahLayout']):made"; Peer = "oci:$($World['BuildahLayout']):made" }
}

# The places that hold the image that the engine built, all with the same config.
function Get-AppPlace {
    @{ Place = 'registry, Docker manifest'; Key = 'App'; Name = "$($World['Registry'])/fixture/app:1.0" }
    @{ Place = 'registry, OCI manifest'; Key = 'App'; Name = "$($World['Registry'])/fixture/app:oci" }
    @{ Place = 'OCI layout'; Key = 'App'; Name = "oci:$($World['Layout']):app" }
    @{ Place = 'docker save'; Key = 'SaveArchive'; Name = "docker-archive:$($World['SaveArchive'])" }
    @{ Place = 'docker save, gzip'; Key = 'SaveArchiveGz'; Name = "docker-archive:$($World['SaveArchiveGz']):fixture/app:1.0" }
    @{ Place = 'docker save of two images'; Key = 'SaveTwoArchive'; Name = "docker-archive:$($World['SaveTwoArchive']):fixture/app:1.0" }
    @{ Place = 'docker-archive of skopeo'; Key = 'SkopeoDockerArchive'; Name = "docker-archive:$($World['SkopeoDockerArchive'])" }
    @{ Place = 'Docker engine'; Key = 'Docker'; Name = 'docker-daemon:fixture/app:1.0' }
}

function Skip-Without([string[]] $Key) {
    foreach ($name in $Key) { if (-not $World[$name]) { Set-ItResult -Skipped -Because "$name is not to be had here" } }
}

# sha256sum over the exact bytes that skopeo gives; PowerShell would touch them.
function Get-PeerDigest([string] $Peer) {
    'sha256:' + (sh -c 'skopeo inspect --tls-verify=false --raw "$1" | sha256sum' sh $Peer).Split(' ')[0]
}

function Get-PeerRaw([string] $Peer) { skopeo inspect --tls-verify=false --raw $Peer | ConvertFrom-Json -AsHashtable -DateKind String }

function Get-PeerConfig([string] $Peer, [string] $Architecture = 'amd64') {
    skopeo --override-arch $Architecture inspect --tls-verify=false --config --raw $Peer | ConvertFrom-Json -AsHashtable -DateKind String
}

# The manifest of one platform, fetched by skopeo from the place of the index.
function Get-PeerChild([string] $Peer, [string] $Architecture = 'amd64') {
    $folder = Join-Path $TestDrive ([guid]::NewGuid().ToString('n'))
    $null = skopeo --insecure-policy --override-arch $Architecture copy -q --src-tls-verify=false $Peer "dir:$folder"
    Get-Content -Raw (Join-Path $folder 'manifest.json') | ConvertFrom-Json -AsHashtable
}

# A copy of the sample with one bit changed in the middle of layer 1 of its amd64 image; gives the descriptor of that layer.
function New-DamagedSample([string] $Layout) {
    Copy-Item -Recurse $World.Sample $Layout
    $layer = (Get-PeerChild "oci:$($World.Sample):1.0" amd64).layers[1]
    $file = Join-Path $Layout 'blobs' 'sha256' $layer.digest.Substring(7)
    $bytes = [IO.File]::ReadAllBytes($file)
    $bytes[$bytes.Length / 2] = $bytes[$bytes.Length / 2] -bxor 1
    [IO.File]::WriteAllBytes($file, $bytes)
    $layer
}

# The names of the files of all blobs that some descriptors of a layout need, by what its documents say.
function Get-NeededBlob([string] $Layout, [object[]] $Descriptors) {
    foreach ($descriptor in $Descriptors) {
        $descriptor.digest.Substring(7)
        if ($descriptor.mediaType -notmatch 'manifest|index') { continue }
        $document = Get-Content -Raw "$Layout/blobs/sha256/$($descriptor.digest.Substring(7))" | ConvertFrom-Json -AsHashtable
        Get-NeededBlob $Layout @(@($document['config']) + @($document['layers']) + @($document['manifests']) | Where-Object { $_ })
    }
}

function Get-FileSha256([string] $Path) { 'sha256:' + (sha256sum $Path).Split(' ')[0] }

# The program of the PowerShell that runs the tests, and what comes first of its arguments.
function Get-PwshCommand {
    [Environment]::ProcessPath
    if ([Environment]::ProcessPath -match 'dotnet(\.exe)?$') { 'exec'; Join-Path $PSHOME 'pwsh.dll' }
}

# A fresh PowerShell: gives what the script writes, one line each.
function Invoke-FreshPwsh([string] $Script) {
    $start = @(Get-PwshCommand)
    $said = @(& $start[0] @($start | Select-Object -Skip 1) -NoProfile -NonInteractive -Command $Script 2>&1 | ForEach-Object { "$_" })
    [IO.File]::AppendAllLines((Join-Path $World.Said 'processes'), [string[]] $said)
    $said
}

# A fresh PowerShell with the module that is not waited for; its output goes into two files.
function Start-FreshPwsh([string] $Script, [string] $Name, [hashtable] $Environment = @{}) {
    $start = @(Get-PwshCommand)
    $code = "`$ProgressPreference = 'SilentlyContinue'; Import-Module '$($World.ModulePath)/OciTools.psd1'; $Script"
    $encoded = [Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes($code))
    Start-Process $start[0] -ArgumentList (@($start | Select-Object -Skip 1) + '-NoProfile', '-NonInteractive', '-OutputFormat', 'Text', '-EncodedCommand', $encoded) -PassThru `
        -Environment $Environment -RedirectStandardOutput "$Name.out" -RedirectStandardError "$Name.err"
}

# What commands say with -WhatIf, in a PowerShell of this process.
function Get-WhatIf([string] $Script) {
    . (Join-Path $PSScriptRoot 'AnsweringHost.ps1')
    try {
        $said = Invoke-Answering N $Script
        $said.Errors | Should -BeNullOrEmpty
        $said.Output | Should -BeNullOrEmpty
        $said.Lines
    }
    finally { $answering.Dispose() }
}
