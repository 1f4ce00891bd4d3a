# Import of the module against that of the in-box Microsoft.PowerShell.PSResourceGet, each in fresh processes.
param([Parameter(Mandatory)][string] $Module)
. $PSScriptRoot/lib/Measure.ps1

$code = { param($name) "`$w=[System.Diagnostics.Stopwatch]::StartNew(); Import-Module '$name'; `$w.Elapsed.TotalMilliseconds" }
$null = Invoke-FreshPwsh (& $code $Module)
$ours = @(); $theirs = @()
foreach ($i in 1..5) {
    $ours += [double](Invoke-FreshPwsh (& $code $Module))
    $theirs += [double](Invoke-FreshPwsh (& $code Microsoft.PowerShell.PSResourceGet))
}
$a = Get-Median $ours; $b = Get-Median $theirs
New-Figure 'Import-Module, fresh process' $a 'PSResourceGet' $b ms '<= 0.6 x' ($a -le 0.6 * $b)
