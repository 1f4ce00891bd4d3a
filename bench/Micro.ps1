# The smallest parts: digests, names, tar entries, trees; time and allocation for each operation or entry, beside what .NET has for the same.
# Measures the library as it is built, and not the module.
param([Parameter(Mandatory)][string] $Module)
. $PSScriptRoot/lib/Measure.ps1

$project = Join-Path $PSScriptRoot 'Micro/OciTools.MicroBenchmarks.csproj'
$output = @(& dotnet run --project $project -c Release -p:RunAnalyzers=false --verbosity quiet)
if ($LASTEXITCODE) { $output | Select-Object -Last 40 | Write-Host; throw "The micro-benchmarks of the library beside $Module ended with $LASTEXITCODE." }
$rows = @{}
foreach ($line in $output -match '^figure\t') {
    $null, $name, $nanoseconds, $bytes = $line -split "`t"
    $rows[$name] = [pscustomobject]@{ Time = [double]::Parse($nanoseconds, [cultureinfo]::InvariantCulture); Bytes = [double]$bytes }
}

function New-Micro([string] $Figure, [string] $Name, [string] $Peer = 'none', [string] $PeerName) {
    New-Figure $Figure $rows[$Name].Time $Peer ($PeerName ? $rows[$PeerName].Time : 0) ns 'none' $true
    New-Figure "$Figure, allocated" $rows[$Name].Bytes $Peer ($PeerName ? $rows[$PeerName].Bytes : 0) B 'none' $true
}

New-Micro 'digest of 1 MiB' DigestBenchmarks.Compute 'SHA256.HashData' DigestBenchmarks.HashAlone
New-Micro 'digest parsed' DigestBenchmarks.Parse 'regular expression' DigestBenchmarks.RegexAlone
New-Micro 'short name parsed' ReferenceBenchmarks.ShortName
New-Micro 'long name parsed' ReferenceBenchmarks.LongName 'regular expression' ReferenceBenchmarks.LongNameByRegex
New-Micro 'name of a layout parsed' ReferenceBenchmarks.Location
New-Micro 'tar entry read and kept' TarBenchmarks.Record 'System.Formats.Tar, not kept' TarBenchmarks.ReaderOfNet
New-Micro 'entry merged into the tree' TreeBenchmarks.Merge 'dictionary of the paths' TreeBenchmarks.DictionaryOfPaths
