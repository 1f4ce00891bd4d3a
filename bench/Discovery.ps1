# What a PowerShell pays that has the module on its path and does not use it, against ThreadJob and PSResourceGet, which come with
# PowerShell: listing the module, and finding a command, with the import that it brings; each in fresh processes. Then how long Tab takes,
# where no engine answers.
param([Parameter(Mandatory)][string] $Module)
. $PSScriptRoot/lib/Measure.ps1

$folder = (New-Item -ItemType Directory -Path ([System.IO.Path]::GetTempPath()) -Name "bench-$([guid]::NewGuid())").FullName
try {
    # a path with the module alone, beside the one of PowerShell; the cache of PowerShell's analysis is this run's own
    $version = Split-Path $Module
    $null = New-Item -ItemType Directory "$folder/modules/OciTools"
    Copy-Item -Recurse $version "$folder/modules/OciTools"
    $environment = @"
`$env:PSModulePath = '$folder/modules' + [System.IO.Path]::PathSeparator + '$PSHOME/Modules'
`$env:PSModuleAnalysisCachePath = '$folder/cache'

"@
    $list = { param($name) "$environment`$w=[System.Diagnostics.Stopwatch]::StartNew(); `$found = @(Get-Module -ListAvailable $name); `$t=`$w.Elapsed.TotalMilliseconds; if (`$found.Count -ne 1) { exit 1 }; `$t" }
    $find = { param($name) "$environment`$w=[System.Diagnostics.Stopwatch]::StartNew(); `$found = @(Get-Command $name); `$t=`$w.Elapsed.TotalMilliseconds; if (`$found.Count -ne 1) { exit 1 }; `$t" }
    $codes = [ordered]@{
        'list OciTools' = & $list OciTools; 'list ThreadJob' = & $list Microsoft.PowerShell.ThreadJob; 'list PSResourceGet' = & $list Microsoft.PowerShell.PSResourceGet
        'find OciTools' = & $find Get-ImageTag; 'find ThreadJob' = & $find Start-ThreadJob; 'find PSResourceGet' = & $find Find-PSResource
    }
    $median = Measure-FreshInTurn $codes
    foreach ($peer in 'ThreadJob', 'PSResourceGet') { New-Ratio 'Get-Module -ListAvailable, fresh process' $median['list OciTools'] $peer $median["list $peer"] 1.25 }
    foreach ($peer in 'ThreadJob', 'PSResourceGet') { New-Ratio 'Get-Command of a module on the path, fresh process' $median['find OciTools'] $peer $median["find $peer"] 1 }

    # Tab on the beginning of an image name, in a process that has completed something else before and is asked for our names first and once more
    $tab = @"
Import-Module '$Module'
`$env:DOCKER_HOST = 'unix://$folder/none.sock'
`$null = TabExpansion2 'Get-ChildItem -Pat' 18
foreach (`$i in 1, 2) {
    `$w=[System.Diagnostics.Stopwatch]::StartNew()
    `$found = (TabExpansion2 'Get-ImageTag o' 14).CompletionMatches
    `$w.Elapsed.TotalMilliseconds
    if (`$found.Count -lt 2) { exit 1 }
}
"@
    $null = Invoke-FreshPwsh $tab
    $first = @(); $next = @()
    foreach ($i in 1..5) {
        $one, $two = Invoke-FreshPwsh $tab
        $first += [double]$one
        $next += [double]$two
    }
    $a = Get-Median $first; $b = Get-Median $next
    New-Figure 'Tab on an image name, the first in a process' $a 'time limit' 200 ms '<= 200 ms' ($a -le 200)
    New-Figure 'Tab on an image name, the next' $b 'time limit' 20 ms '<= 20 ms' ($b -le 20)
}
finally { Remove-Item -Recurse -Force -LiteralPath $folder }
