#Requires -Version 7.6
<#
.SYNOPSIS
    Runs the examples of the help pages in this process, each in a fresh folder, and writes what a person would have seen of it.
.DESCRIPTION
    To be run in a process of its own, whose environment it changes. The settings tell where the servers of HelpExamples.Tests.ps1 are.
#>
[CmdletBinding()]
param([Parameter(Mandatory)] [string] $SettingsFile)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$settings = Get-Content -Raw $SettingsFile | ConvertFrom-Json -AsHashtable
$World = @{ ModulePath = $settings.ModulePath }
$env:HOME = $settings.Home
$env:XDG_CONFIG_HOME = Join-Path $env:HOME '.config'
$env:DOCKER_CONFIG = Join-Path $env:HOME '.docker'
$env:DOCKER_HOST = $settings.Docker
$env:HTTPS_PROXY = "http://$($settings.Proxy)"
$env:REGISTRY_TOKEN = $settings.Password
$env:PATH = "$(Join-Path $settings.Folder 'bin')$([IO.Path]::PathSeparator)$env:PATH"
[cultureinfo]::CurrentCulture = [cultureinfo]::CurrentUICulture = [cultureinfo]::InvariantCulture
Import-Module (Join-Path $settings.ModulePath 'OciTools.psd1')
. (Join-Path $PSScriptRoot 'AnsweringHost.ps1')
. (Join-Path $PSScriptRoot 'HelpExamples.ps1')
. (Join-Path $PSScriptRoot 'New-TestImages.ps1')
$asked.Password = $settings.Password
$PSDefaultParameterValues = @{ 'Copy-Image:Force' = $true; 'Add-ImageTag:Force' = $true }

# Files as the examples name them, the images in the registries, and those in the engine.
function New-ExampleWorld {
    foreach ($name in $settings.Registries.Keys) {
        $trust = (New-Item -ItemType Directory -Force (Join-Path $env:HOME '.config' 'containers' 'certs.d' $name)).FullName
        Copy-Item $settings.Ca (Join-Path $trust 'ca.crt')
    }
    $seed = "oci:$($settings.Images)"
    $place = 'registry.example.com'
    foreach ($tag in '1.0', '1.1', '1.2') { $null = Copy-Image "${seed}:app:$tag" "$place/app:$tag" -IncludeReferrers:($tag -eq '1.2') }
    foreach ($tag in '2.2', '2.3') { $null = Copy-Image "${seed}:cli:$tag" "$place/team/cli:$tag" }
    $null = Add-ImageTag "$place/app:1.0" -Tag stable
    New-EngineImage $place
    $null = Add-ImageTag "$place/app:1.1" -Tag stable
    $null = Add-ImageTag "$place/app:1.2" -Tag nightly
    foreach ($architecture in 'amd64', 'arm64') { $null = Copy-Image "$place/app:1.2" "$place/app:1.2-$architecture" -Platform "linux/$architecture" }
    foreach ($tag in '1.0', '1.1') { $null = Copy-Image "$place/app:$tag" "mirror.example.com/app:$tag" }
    $account = [pscredential]::new('octocat', (ConvertTo-SecureString $settings.Password -AsPlainText))
    $null = Copy-Image "$place/app:1.0" private.example.com/team/app:1.0 -DestinationCredential $account
    New-ExampleFile $place

    # a blob that got lost
    $lost = (Get-ImageLayer mirror.example.com/app:1.1 -Platform linux/amd64)[1].Digest.Substring(7)
    Remove-Item (Join-Path $settings.Registries.'mirror.example.com' 'docker/registry/v2/blobs/sha256' $lost.Substring(0, 2) $lost) -Recurse
    foreach ($name in $settings.Registries.Keys) { $null = Invoke-Tool cp -a $settings.Registries[$name] (Join-Path $settings.Folder "kept-$name") }
}

function New-ExampleFile([string] $Place) {
    $files = (New-Item -ItemType Directory (Join-Path $settings.Folder 'files')).FullName
    $null = Copy-Image "$Place/app:1.0" "oci:$files/images:app:1.0"
    $null = Remove-Image "oci:$files/images:app:1.0" -Confirm:$false
    $null = Copy-Image "$Place/app:1.2" "oci:$files/images:app"
    $null = Copy-Image "$Place/app:1.1" "oci:$files/images:old"
    Get-ChildItem "$files/images" -Recurse -File | ForEach-Object { $_.LastWriteTime = (Get-Date).AddHours(-2) }
    $null = Copy-Image "$Place/app:1.2" "oci:$files/amd64:app" -Platform linux/amd64
    $null = Copy-Image "$Place/app:1.2" "oci:$files/arm64:app" -Platform linux/arm64
    foreach ($tag in '1.1', '1.2') { $null = Copy-Image "$Place/app:$tag" "oci-archive:$files/backup-$tag.tar:$tag" }
    $null = Invoke-Tool docker save -o "$files/images.tar" registry.example.com/app:1.1 app:1.0
    Set-Content "$files/images.txt" "$Place/app:1.1", "$Place/app:1.2", "$Place/team/cli:2.3"

    # the same with one bit changed in the program of amd64
    Copy-Item -Recurse "$files/images" "$files/release"
    $null = Remove-Image "oci:$files/release:old" -Confirm:$false
    $blob = Join-Path "$files/release/blobs/sha256" (Get-ImageLayer "oci:$files/release:app" -Platform linux/amd64)[1].Digest.Substring(7)
    $bytes = [IO.File]::ReadAllBytes($blob)
    $bytes[1000] = $bytes[1000] -bxor 1
    [IO.File]::WriteAllBytes($blob, $bytes)
}

function New-EngineImage([string] $Place) {
    foreach ($name in "$Place/app:stable", "$Place/app:1.1") { $null = Invoke-Tool docker pull -q --platform linux/amd64 $name }
    $null = Copy-Image "$Place/app:1.0" docker-daemon:app:1.0 -Platform linux/amd64
    $null = Copy-Image "$Place/team/cli:2.3" docker-daemon:build/cli:test
}

# What the examples of a page find beyond that.
$prepare = @{
    'Clear-ImageStore' = { New-Dangling }
    'Get-Image'        = { New-Dangling }
    'Remove-Image'     = { New-Dangling }
}

function New-Dangling {
    foreach ($tag in '2.2', '2.3') { $null = Copy-Image registry.example.com/team/cli:$tag docker-daemon:build/cli:test }
}

# Logins of this process, in a helper and in a file.
function New-Login {
    Clear-Login
    $bin = (New-Item -ItemType Directory -Force (Join-Path $settings.Folder 'bin')).FullName
    Set-Content "$bin/docker-credential-pass" '#!/bin/sh', 'case "$1" in list) echo ''{"https://index.docker.io/v1/":"ann"}'' ;; *) echo "credentials not found in native keychain"; exit 1 ;; esac'
    chmod 755 "$bin/docker-credential-pass"
    $auth = [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes("octocat:$($settings.Password)"))
    $null = New-Item -ItemType Directory -Force $env:DOCKER_CONFIG
    ConvertTo-Json @{ auths = [ordered]@{ 'ghcr.io' = @{ auth = $auth }; 'private.example.com' = @{ auth = $auth } }; credHelpers = @{ 'docker.io' = 'pass' } } | Set-Content (Join-Path $env:DOCKER_CONFIG 'config.json')
    $null = Connect-ImageRegistry private.example.com -Credential ([pscredential]::new('robot', (ConvertTo-SecureString $settings.Password -AsPlainText)))
}
function Clear-Login {
    Get-ImageRegistry | Where-Object Place -EQ Process | Disconnect-ImageRegistry -KeepStored | Out-Null
    Remove-Item -Recurse -Force $env:DOCKER_CONFIG -ErrorAction Ignore
}

# Makes what an example has changed as it was: registries that it names, and the names in the engine.
function Reset-World([string] $Code) {
    if ($Code -match '-WhatIf') { return }
    $changed = @($settings.Registries.Keys.Where{ $Code.Contains($_) }.ForEach{ $settings.Registries[$_]; Join-Path $settings.Folder "kept-$_" })
    if ($changed) { $null = Invoke-Tool sh -c 'while [ $# -gt 0 ]; do rm -rf "$1/docker"; cp -a "$2/docker" "$1"; shift 2; done' sh @changed }
    if ($Code -match 'docker-daemon:') {
        Get-EngineName | Where-Object { $_ -notin $engineNames } | ForEach-Object { $null = Invoke-Tool docker image rm $_ }
    }
}

# A folder with the files that an example names.
function New-ExampleFolder([string] $Code) {
    if (Test-Path $settings.Work) { Remove-Item -Recurse -Force $settings.Work }
    $null = New-Item -ItemType Directory $settings.Work
    $named = @((Get-ChildItem (Join-Path $settings.Folder 'files')).Where{ $Code.Contains(($_.Name -replace '\W.*')) }.ForEach{ $_.FullName })
    if ($named) { $null = Invoke-Tool cp -a @named $settings.Work }
    $null = Invoke-Answering Y "Set-Location '$($settings.Work)'"
}
function Get-EngineName { docker image ls --format '{{.Repository}}:{{.Tag}}' | Where-Object { $_ -notmatch '<none>' } }

# Runs an example as it is typed, one statement after the other; gives the lines that the screen shows.
function Invoke-Example([string] $Code) {
    $shown = [Collections.Generic.List[string]]::new()
    $errors = [Collections.Generic.List[string]]::new()
    foreach ($statement in [Management.Automation.Language.Parser]::ParseInput($Code, [ref]$null, [ref]$null).EndBlock.Statements) {
        $said = Invoke-Answering Y "@(. { $statement }) | Out-String -Stream -Width $($settings.Width)" # all at once: columns are made for what came within a moment
        $shown.AddRange([string[]]@($said.Prompts; $said.Lines; $said.Warnings; $said.Output.ForEach{ "$_".TrimEnd() }))
        $errors.AddRange([string[]]@($said.Errors.ForEach{ "$($_.FullyQualifiedErrorId): $_" }))
    }
    @{ Lines = @($shown); Errors = @($errors) }
}

New-ExampleWorld
$engineNames = @(Get-EngineName)
$results = foreach ($page in Get-ChildItem $settings.Pages -Filter '*-*.md' | Sort-Object Name) {
    $isWriter = $page.BaseName -match '^(Add|Clear|Connect|Copy|New|Remove)-'
    $hasLogins = $page.BaseName -match '^(Get|Disconnect)-ImageRegistry$'
    if ($prepare[$page.BaseName]) { & $prepare[$page.BaseName] }
    foreach ($example in Get-HelpExample $page.FullName) {
        if ($settings.Foreign.ContainsKey("$($page.BaseName) $($example.Title)")) { continue }
        $clock = [Diagnostics.Stopwatch]::StartNew()
        if ($hasLogins) { New-Login } else { Clear-Login }
        New-ExampleFolder $example.Code
        $given = Invoke-Example $example.Code
        if ($isWriter) { Reset-World $example.Code }

        # an empty line before and after a table is no part of it
        $lines = ($given.Lines -join "`n").Replace($settings.Work, $settings.WorkShown).Replace($settings.Home, $settings.HomeShown).Trim("`n")
        @{ Page = $page.BaseName; Title = $example.Title; Lines = @(if ($lines) { $lines -split '\n' }); Errors = $given.Errors; Milliseconds = $clock.ElapsedMilliseconds }
    }
}
$answering.Dispose()
ConvertTo-Json @($results) -Depth 5 | Set-Content $settings.Result
