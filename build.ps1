#Requires -Version 7.6
<#
.SYNOPSIS
    The one way to build, try, test, measure and package OciTools.
.DESCRIPTION
    Build    compiles and lays the module out, with its help, in artifacts/module/OciTools/<version>
    Help     makes the help of the module anew from the pages in docs/help
    Demo     builds, then shows the main job on a sample image, without any server
    Test     builds, then runs the unit tests and, against the packed module, the Pester tests
    Bench    builds, then runs every script in bench/ and writes bench/results.md and bench/results.svg
    Package  builds, then writes artifacts/OciTools.<version>.nupkg
    Clean    removes artifacts/
.EXAMPLE
    dotnet dnx -y PowerShell -- -NoProfile ./build.ps1 Test
#>
[CmdletBinding()]
param(
    [Parameter(Position = 0)]
    [ValidateSet('Build', 'Help', 'Demo', 'Test', 'Bench', 'Package', 'Clean')]
    [string] $Task = 'Build',

    # Adds the long test cases.
    [switch] $Slow
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$artifacts = Join-Path $PSScriptRoot 'artifacts'
$version = ([xml](Get-Content -Raw (Join-Path $PSScriptRoot 'Directory.Build.props'))).SelectSingleNode('//Version').InnerText
$module = Join-Path $artifacts 'module' 'OciTools' $version
$env:DOTNET_CLI_TELEMETRY_OPTOUT = $env:DOTNET_NOLOGO = '1'

function Invoke-DotNet {
    Push-Location $PSScriptRoot # global.json counts from the current directory
    try { dotnet @args | Out-Host } finally { Pop-Location }
    if ($LASTEXITCODE -ne 0) { throw "dotnet $($args[0]) failed with exit code $LASTEXITCODE." }
}

# A fresh process of the PowerShell that runs this script: a loaded module cannot be replaced in its own process.
function Invoke-Script([string] $Path, [hashtable] $Parameters = @{}) {
    $start = [Environment]::ProcessPath -match 'dotnet(\.exe)?$' ? @('exec', (Join-Path $PSHOME 'pwsh.dll')) : @()
    $given = @(foreach ($name in $Parameters.Keys) { "-${name}:$($Parameters[$name])" })
    & ([Environment]::ProcessPath) @start -NoProfile -NonInteractive -File $Path @given | Out-Host
    if ($LASTEXITCODE -ne 0) { throw "$(Split-Path -Leaf $Path) failed with exit code $LASTEXITCODE." }
}

# Name, version and licence of everything in Dependencies/ that is not ours, from the packages themselves.
function Get-ThirdPartyNotice([string] $Assets) {
    $restored = Get-Content -Raw $Assets | ConvertFrom-Json -AsHashtable
    $folders = @($restored.packageFolders.Keys)
    'OciTools brings these packages in its Dependencies folder:'
    foreach ($key in $restored.libraries.Keys | Sort-Object) {
        $library = $restored.libraries[$key]
        $target = $restored.targets['net10.0'][$key]
        if ($library.type -ne 'package' -or -not $target['runtime']) { continue }
        $folder = $folders | ForEach-Object { Join-Path $_ $library.path } | Where-Object { Test-Path $_ } | Select-Object -First 1
        $metadata = ([xml](Get-Content -Raw (Join-Path $folder '*.nuspec'))).package.metadata
        "`n$('-' * 72)`n$($metadata.id) $($metadata.version), licence $($metadata.SelectSingleNode('*[local-name()="license"]').InnerText)"
        $metadata.SelectSingleNode('*[local-name()="copyright"]')?.InnerText
        $text = Get-ChildItem $folder -File | Where-Object Name -Match '^LICENSE(\.txt|\.md)?$' | Select-Object -First 1
        if ($text) { "`n$(Get-Content -Raw $text)" }
    }
}

function Invoke-Build {
    foreach ($project in 'Adapters', 'Cmdlets') {
        Invoke-DotNet msbuild (Join-Path $PSScriptRoot "src/OciTools.$project") -restore '-p:Configuration=Release' '-v:quiet' -nologo
    }
    $bin = Join-Path $artifacts 'bin'
    $cmdlets = Join-Path $bin 'OciTools.Cmdlets' 'release'
    $adapters = Join-Path $bin 'OciTools.Adapters' 'release'
    if (Test-Path $module) { Remove-Item $module -Recurse -Force }
    $null = New-Item -ItemType Directory (Join-Path $module 'Dependencies')
    Copy-Item (Join-Path $cmdlets 'OciTools.Cmdlets.dll'), (Join-Path $cmdlets 'OciTools.dll') $module
    Copy-Item (Join-Path $PSScriptRoot 'src/OciTools.Cmdlets/*.ps1xml'), (Join-Path $PSScriptRoot 'LICENSE') $module
    Copy-Item (Join-Path $adapters '*.dll') (Join-Path $module 'Dependencies') -Exclude OciTools.dll
    (Get-Content -Raw (Join-Path $PSScriptRoot 'OciTools.psd1')) -replace "(?<=ModuleVersion\s+= ')[^']+", $version |
        Set-Content -NoNewline (Join-Path $module 'OciTools.psd1')
    Get-ThirdPartyNotice (Join-Path $artifacts 'obj/OciTools.Adapters/project.assets.json') |
        Set-Content (Join-Path $module 'THIRD-PARTY-NOTICES.txt')
    Invoke-Help
    Write-Host "Built $module"
}

function Invoke-Help {
    Invoke-Script (Join-Path $PSScriptRoot 'build/ConvertTo-ModuleHelp.ps1') @{
        Module = Join-Path $module 'OciTools.psd1'
        Pages = Join-Path $PSScriptRoot 'docs/help'
        Destination = Join-Path $module 'en-US'
    }
}

function Invoke-Test {
    $results = Join-Path $artifacts 'results'
    if (Test-Path $results) { Remove-Item $results -Recurse -Force }
    $null = New-Item -ItemType Directory $results
    $failures = [Collections.Generic.List[string]]::new()
    $runs = @(
        @{ Name = 'unit'; Script = 'tests/Invoke-UnitTests.ps1'; Parameters = @{} }
        @{ Name = 'pester'; Script = 'tests/Pester/Invoke-PesterTests.ps1'; Parameters = @{ ModulePath = $module } }
    )
    foreach ($run in $runs) {
        $run.File = Join-Path $results "$($run.Name).json"
        try { Invoke-Script (Join-Path $PSScriptRoot $run.Script) ($run.Parameters + @{ ResultFile = $run.File; Slow = "`$$($Slow.IsPresent)" }) }
        catch { $failures.Add("$($run.Name): $_") }
    }
    $counts = @{ Passed = 0; Failed = 0; Skipped = 0 }
    foreach ($run in $runs) {
        # A runner that died before it could count is one failure more, never a silent success.
        $result = (Test-Path $run.File) ? (Get-Content -Raw $run.File | ConvertFrom-Json -AsHashtable) : @{ Passed = 0; Failed = 1; Skipped = 0 }
        foreach ($name in @($counts.Keys)) { $counts[$name] += $result[$name] }
    }
    if ($failures -and $counts.Failed -eq 0) { $counts.Failed = $failures.Count }
    $failures | ForEach-Object { Write-Host $_ }
    Write-Host "$($counts.Passed) passed, $($counts.Failed) failed, $($counts.Skipped) skipped"
    if ($counts.Failed -gt 0) { exit 1 }
}

switch ($Task) {
    'Clean' { if (Test-Path $artifacts) { Remove-Item $artifacts -Recurse -Force } }
    'Build' { Invoke-Build }
    'Help' { Invoke-Help }
    'Demo' { Invoke-Build; Invoke-Script (Join-Path $PSScriptRoot 'samples/Show-Demo.ps1') @{ ModulePath = $module } }
    'Test' { Invoke-Build; Invoke-Test }
    'Bench' {
        Invoke-Build
        $env:OCITOOLS_BENCH_FIGURES = Join-Path $artifacts 'figures.json'
        Remove-Item $env:OCITOOLS_BENCH_FIGURES -ErrorAction Ignore
        $failed = foreach ($script in Get-ChildItem (Join-Path $PSScriptRoot 'bench') -Filter *.ps1 | Sort-Object Name) {
            Write-Host "== $($script.BaseName)"
            try { Invoke-Script $script.FullName @{ Module = Join-Path $module 'OciTools.psd1' } } catch { Write-Host $_; $script.Name }
        }
        Invoke-Script (Join-Path $PSScriptRoot 'bench/lib/Write-Results.ps1') @{ Figures = $env:OCITOOLS_BENCH_FIGURES; Destination = Join-Path $PSScriptRoot 'bench' }
        if ($failed) { throw "These did not end: $($failed -join ', ')." }
    }
    'Package' {
        Invoke-Build
        Compress-PSResource -Path $module -DestinationPath $artifacts
        Write-Host "Packed $(Join-Path $artifacts "OciTools.$version.nupkg")"
    }
}
