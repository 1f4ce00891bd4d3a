# 5,000 tags with all that -Detailed tells: when the first object comes, how many requests a tag takes, and the memory beyond an idle pwsh.
param([Parameter(Mandatory)][string] $Module)
. $PSScriptRoot/lib/Fixtures.ps1

$folder = (New-Item -ItemType Directory -Path ([System.IO.Path]::GetTempPath()) -Name "bench-$([guid]::NewGuid().ToString('N').Substring(0, 8))").FullName
$registry = Start-BenchRegistry $folder
try {
    Add-BenchTags $registry.Host bench/tags 5000
    $name = "$($registry.Host)/bench/tags"
    $times = 5
    $idle = Get-Median (1..$times | ForEach-Object { (Measure-FreshPwsh $Module '1').Peak })
    $first = Get-Median (1..$times | ForEach-Object { (Measure-FreshPwsh $Module "(Get-ImageTag $name -Detailed | Select-Object -First 1).Digest").Time })
    $all = 1..$times | ForEach-Object { Measure-FreshPwsh $Module "(Get-ImageTag $name -Detailed | Measure-Object).Count" }
    $requests = [int](Measure-FreshPwsh $Module "@(Get-ImageTag $name -Detailed -Verbose 4>&1 | Where-Object { `"`$_`" -match '^(HEAD|GET) ' }).Count").Output
    New-Figure 'first of 5,000 tags, -Detailed' $first 'none' 0 ms '1,000 ms' ($first -le 1000)
    New-Figure "all 5,000 tags, -Detailed ($($all[0].Output) objects)" (Get-Median $all.Time) 'none' 0 ms 'none' ($all[0].Output -eq 5000)
    New-Figure 'requests per tag' ($requests / 5000) 'none' 0 requests '3' ($requests -le 3 * 5000 + 10)
    New-Figure 'memory, 5,000 tags, -Detailed' ((Get-Median $all.Peak) / 1MB - $idle / 1MB) 'pwsh idle' ($idle / 1MB) MiB '<= 64 MiB' ((Get-Median $all.Peak) - $idle -le 64MB)
}
finally {
    Stop-BenchRegistry $registry
    Invoke-Tool rm -rf $folder
}
