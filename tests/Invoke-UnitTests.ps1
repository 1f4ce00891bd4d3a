#Requires -Version 7.6
<#
.SYNOPSIS
    Builds and runs the xunit tests and writes how many passed, failed and were skipped.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)] [string] $ResultFile,
    [switch] $Slow,

    # Runs what was built before, and only the tests that need an engine, which are otherwise left out.
    [switch] $Engines
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$report = [IO.Path]::ChangeExtension($ResultFile, '.xml')
$filter = @($Engines ? '-class' : '-class-'; '*RealEngineTests')
if (-not $Slow) { $filter += '-trait-', 'Category=Slow' }
$project = Join-Path $PSScriptRoot 'Unit'
if (-not $Engines) {
    dotnet msbuild $project -restore '-p:Configuration=Release' '-v:quiet' -nologo | Out-Host
    if ($LASTEXITCODE -ne 0) { throw 'The unit tests do not build.' }
}
$assembly = dotnet msbuild $project '-p:Configuration=Release' '-getProperty:TargetPath'
if (-not $Engines) {
    $missing = @(& (Join-Path $PSScriptRoot 'Pester' 'lib' 'Install-Tools.ps1') -Slow:$Slow)
    if ($missing) { Write-Host "Missing here, so the tests that need them are skipped: $($missing -join ', ')" }
}
dotnet exec $assembly -noColor -result-xml $report @filter | Out-Host
$code = $LASTEXITCODE
if (-not (Test-Path $report)) { throw "The unit tests wrote no report (exit code $code)." }

$counts = @{ Passed = 0; Failed = 0; Skipped = 0 }
foreach ($assembly in ([xml](Get-Content -Raw $report)).SelectNodes('/assemblies/assembly')) {
    $counts.Passed += [int]$assembly.passed
    $counts.Failed += [int]$assembly.failed + [int]$assembly.errors
    $counts.Skipped += [int]$assembly.skipped
    # The figures that tests give: how many cases they tried and how many held.
    foreach ($text in $assembly.SelectNodes('.//test/output')) { $text.InnerText -split "`n" -match '\btried\b.*\bheld\b' | Write-Host }
    foreach ($test in $assembly.SelectNodes('.//test[@result="Fail"]')) {
        Write-Host "FAILED $($test.name)`n$($test.SelectSingleNode('failure/message')?.InnerText)`n$($test.SelectSingleNode('failure/stack-trace')?.InnerText)"
    }
}
if ($code -ne 0 -and $counts.Failed -eq 0) { $counts.Failed = 1 }
$counts | ConvertTo-Json | Set-Content $ResultFile
if (-not $Engines) { exit ($counts.Failed -gt 0 ? 1 : 0) }
