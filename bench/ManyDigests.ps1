# 1,000 digests through one Get-ImageDigest, against skopeo in 16 processes at a time (whole processes), and against what wrk gets out
# of the same registry with GETs of the same manifests.
param([Parameter(Mandatory)][string] $Module)
. $PSScriptRoot/lib/Fixtures.ps1
Install-BenchTool
Import-Module $Module

$count = 1000
$folder = (New-Item -ItemType Directory -Path ([System.IO.Path]::GetTempPath()) -Name "bench-$([guid]::NewGuid())").FullName
$registry = Start-BenchRegistry $folder
try {
    Add-BenchTags $registry.Host bench/many $count
    $images = 1..$count | ForEach-Object { "$($registry.Host)/bench/many:t$_" }
    $check = @(Get-ImageDigest $images -ThrottleLimit 16 | Select-Object -ExpandProperty Digest -Unique)
    if ($check.Count -ne $count) { throw "Expected $count different digests, got $($check.Count)." }

    $lua = @"
local n = 0
request = function()
  n = n % $count + 1
  return wrk.format('GET', '/v2/bench/many/manifests/t' .. n, { ['Accept'] = 'application/vnd.oci.image.manifest.v1+json' })
end
"@
    Set-Content -LiteralPath "$folder/many.lua" -Value $lua
    Set-Content -LiteralPath "$folder/refs" -Value $images

    $ours = @(); $skopeo = @(); $wrk = @()
    foreach ($i in 1..5) {
        $ours += (Measure-Milliseconds 1 { Get-ImageDigest $images -ThrottleLimit 16 }).Median
        $wrkOutput = wrk -t 2 -c 16 -d 3s -s "$folder/many.lua" "http://$($registry.Host)"
        $wrk += [double]([regex]::Match("$wrkOutput", 'Requests/sec:\s+([\d.]+)').Groups[1].Value)
        $skopeo += (Measure-Milliseconds 1 { Invoke-Tool sh -c "xargs -P 16 -I{} skopeo inspect --tls-verify=false --no-tags --format '{{.Digest}}' docker://{} < '$folder/refs' > '$folder/digests'" }).Median
    }
    $a = Get-Median $ours; $b = Get-Median $skopeo; $rate = Get-Median $wrk
    New-Figure '1,000 digests' $a 'skopeo, 16 processes' $b ms '<= 1/8 x' ($a * 8 -le $b)
    New-Figure 'digests per second' ($count * 1000 / $a) 'wrk GET, 16 connections' $rate '1/s' '>= 0.7 x' ($count * 1000 / $a -ge 0.7 * $rate)
}
finally {
    Stop-BenchRegistry $registry
    Remove-Item -Recurse -Force -LiteralPath $folder
}
