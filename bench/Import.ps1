# Import of the module against that of the in-box Microsoft.PowerShell.PSResourceGet, each in fresh processes.
param([Parameter(Mandatory)][string] $Module)
. $PSScriptRoot/lib/Measure.ps1

$code = { param($name) "`$w=[System.Diagnostics.Stopwatch]::StartNew(); Import-Module '$name'; `$w.Elapsed.TotalMilliseconds" }
$times = Measure-FreshInTurn ([ordered]@{ ours = & $code $Module; theirs = & $code Microsoft.PowerShell.PSResourceGet })
$a = $times.ours; $b = $times.theirs
New-Figure 'Import-Module, fresh process' $a 'PSResourceGet' $b ms '<= 0.6 x' ($a -le 0.6 * $b)
