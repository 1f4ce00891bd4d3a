#Requires -Version 7.6
<#
.SYNOPSIS
    Runs the Pester tests against the packed module and writes how many passed, failed and were skipped.
.DESCRIPTION
    Starts real registries and engines on loopback first and ends them on every exit. Tests find them in $Global:World.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)] [string] $ModulePath,
    [Parameter(Mandatory)] [string] $ResultFile,
    [switch] $Slow,

    # Names of test files, for work on some of them.
    [string[]] $Name = '*'
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$clock = [Diagnostics.Stopwatch]::StartNew()
. (Join-Path $PSScriptRoot 'lib' 'Start-Servers.ps1')
. (Join-Path $PSScriptRoot 'lib' 'New-TestImages.ps1')
. (Join-Path $PSScriptRoot 'lib' 'Secrets.ps1')

$project = Join-Path $PSScriptRoot 'Packages.csproj'
dotnet msbuild $project '-t:Restore' '-v:quiet' -nologo | Out-Host
if ($LASTEXITCODE -ne 0) { throw 'Pester could not be restored.' }
$packages = dotnet msbuild $project '-getProperty:NuGetPackageRoot'
Import-Module (Join-Path $packages 'pester' '6.2.0' 'tools' 'Pester.psd1')

$missing = @(& (Join-Path $PSScriptRoot 'lib' 'Install-Tools.ps1') -Slow:$Slow)
if ($missing) { Write-Host "Missing here, so the tests that need them are skipped: $($missing -join ', ')" }

$folder = (New-Item -ItemType Directory (Join-Path ([IO.Path]::GetTempPath()) "ocitools-test-$PID")).FullName
$Global:World = @{ Folder = $folder; ModulePath = $ModulePath; Packages = $packages; Slow = $Slow.IsPresent; Missing = $missing; Password = 'CANARY:with/odd characters'; TokenPassword = 'CANARY-t0ken'; WrongPassword = 'CANARY-wrong' }
try {
    # No login, socket or proxy of the person who runs this may reach a test. The process is this run's own.
    $unwanted = '^(https?|all|no)_proxy$|^DOCKER_|^CONTAINER|^REGISTRY_AUTH_FILE$|^OCITOOLS_'
    [Environment]::GetEnvironmentVariables().Keys -match $unwanted | ForEach-Object { [Environment]::SetEnvironmentVariable($_, $null) }
    $env:HOME = Join-Path $folder 'home'
    $env:XDG_CONFIG_HOME = Join-Path $env:HOME '.config'
    $env:XDG_RUNTIME_DIR = Join-Path $folder 'run'
    $null = New-Item -ItemType Directory $env:HOME, $env:XDG_CONFIG_HOME, $env:XDG_RUNTIME_DIR -Force
    if ($IsLinux) {
        $World.Teardown = Start-Teardown $folder
        Start-TestServer $World $missing
    }
    New-TestImage $World
    Write-Host "Servers and images are ready after $([int]$clock.Elapsed.TotalSeconds) s."

    Import-Module (Join-Path $ModulePath 'OciTools.psd1') -Global
    $configuration = New-PesterConfiguration
    $configuration.Run.Path = @($Name | ForEach-Object { Get-ChildItem $PSScriptRoot -Filter "$_.Tests.ps1" } | ForEach-Object FullName)
    $configuration.Run.PassThru = $true
    $configuration.Filter.ExcludeTag = @($Slow ? @() : 'Slow')
    $configuration.Output.Verbosity = 'Normal'
    $configuration.Output.StackTraceVerbosity = 'FirstLine'
    Start-SecretWatch $World
    $run = Invoke-Pester -Configuration $configuration 3>&1 4>&1 5>&1 | Save-Stream $World.Said

    # A file or block that fails outside a test leaves the count of failed tests at 0, so those are counted too.
    $failed = $run.FailedCount + $run.FailedContainersCount + $run.FailedBlocksCount
    if ($run.Result -ne 'Passed' -and $failed -eq 0) { $failed = 1 }
    $counts = @{ Passed = $run.PassedCount; Failed = $failed; Skipped = $run.SkippedCount + $run.InconclusiveCount }
    if ($Name -eq '*') {
        # The library's own tests against engines fill them with images, so they come last.
        $env:OCITOOLS_TEST_DOCKER_SOCKET = $World['Docker'] -replace '^unix://'
        $env:OCITOOLS_TEST_PODMAN_SOCKET = $World['Podman'] -replace '^unix://'
        $engines = [IO.Path]::ChangeExtension($ResultFile, '.engines.json')
        & (Join-Path (Split-Path $PSScriptRoot) 'Invoke-UnitTests.ps1') -ResultFile $engines -Engines -Slow:$Slow
        $more = Get-Content -Raw $engines | ConvertFrom-Json -AsHashtable
        foreach ($kind in @($counts.Keys)) { $counts[$kind] += $more[$kind] }
        $failed = $counts.Failed
    }
    $counts | ConvertTo-Json | Set-Content $ResultFile
    $secrets = @(Search-Secret $World $ResultFile -Whole:("$Name" -eq '*'))
    if ($secrets) {
        $secrets | ForEach-Object { Write-Host "FAILED: a secret was seen in $_" }
        $counts.Failed = ++$failed
        $counts | ConvertTo-Json | Set-Content $ResultFile
    }
    foreach ($test in $run.Skipped) { Write-Host "SKIPPED $($test.ExpandedPath)" }
    foreach ($test in $run.Failed) { Write-Host "FAILED $($test.ExpandedPath)" }
    Write-Host "Pester took $([int]$clock.Elapsed.TotalSeconds) s with its servers."
}
finally {
    if ($World.ContainsKey('TokenJob')) { $World.TokenJob | Stop-Job -PassThru | Remove-Job -Force }
    if ($World.ContainsKey('Teardown')) {
        $World.Teardown.StandardInput.Close()
        $World.Teardown.WaitForExit()
    }
    elseif (Test-Path $folder) { Remove-Item $folder -Recurse -Force }
}
exit ($failed -gt 0 ? 1 : 0)
