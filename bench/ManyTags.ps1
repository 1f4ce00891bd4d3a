# 5,000 tags with all that -Detailed tells: when the first object comes, how many requests a tag takes, and the memory beyond an idle pwsh.
# .NET lets garbage grow with the cache of the processor before it collects, to over 100 MiB on a large server; so the memory is measured
# once as it is and once with the 32 MiB that a common processor gives.
param([Parameter(Mandatory)][string] $Module)
. $PSScriptRoot/lib/Fixtures.ps1
Install-BenchTool

$folder = (New-Item -ItemType Directory -Path ([System.IO.Path]::GetTempPath()) -Name "bench-$([guid]::NewGuid().ToString('N').Substring(0, 8))").FullName
$registry = Start-BenchRegistry $folder
try {
    Add-BenchTags $registry.Host bench/tags 5000
    $name = "$($registry.Host)/bench/tags"
    $times = 5
    $idle = Get-Median (1..$times | ForEach-Object { (Measure-FreshPwsh $Module '1').Peak })
    $first = Get-Median (1..$times | ForEach-Object { (Measure-FreshPwsh $Module "(Get-ImageTag $name -Detailed | Select-Object -First 1).Digest").Time })
    $all = 1..$times | ForEach-Object { Measure-FreshPwsh $Module "(Get-ImageTag $name -Detailed | Measure-Object).Count" }
    $env:DOTNET_GCgen0size = '2000000'
    $commonIdle = Get-Median (1..$times | ForEach-Object { (Measure-FreshPwsh $Module '1').Peak })
    $common = Get-Median (1..$times | ForEach-Object { (Measure-FreshPwsh $Module "(Get-ImageTag $name -Detailed | Measure-Object).Count").Peak })
    $env:DOTNET_GCgen0size = $null
    $requests = [int](Measure-FreshPwsh $Module "@(Get-ImageTag $name -Detailed -Verbose 4>&1 | Where-Object { `"`$_`" -match '^(HEAD|GET) ' }).Count").Output
    New-Figure 'first of 5,000 tags, -Detailed' $first 'none' 0 ms '1,000 ms' ($first -le 1000)
    New-Figure "all 5,000 tags, -Detailed ($($all[0].Output) objects)" (Get-Median $all.Time) 'none' 0 ms 'none' ($all[0].Output -eq 5000)
    New-Figure 'requests per tag' ($requests / 5000) 'none' 0 requests '3' ($requests -le 3 * 5000 + 10)
    New-Figure 'memory, 5,000 tags, -Detailed' ((Get-Median $all.Peak) / 1MB - $idle / 1MB) 'pwsh idle' ($idle / 1MB) MiB '<= 64 MiB' ((Get-Median $all.Peak) - $idle -le 64MB)
    New-Figure 'memory, 5,000 tags, -Detailed, 32 MiB before a collection' ($common / 1MB - $commonIdle / 1MB) 'pwsh idle' ($commonIdle / 1MB) MiB '<= 64 MiB' ($common - $commonIdle -le 64MB)
}
finally {
    $env:DOTNET_GCgen0size = $null
    Stop-BenchRegistry $registry
    Invoke-Tool rm -rf $folder
}
