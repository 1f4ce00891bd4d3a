# The first Get-ImageDigest after import, and a bare HttpClient HEAD in the same process; each in fresh processes, in both orders.
param([Parameter(Mandatory)][string] $Module)
. $PSScriptRoot/lib/Fixtures.ps1
Install-BenchTool

$folder = (New-Item -ItemType Directory -Path ([System.IO.Path]::GetTempPath()) -Name "bench-$([guid]::NewGuid())").FullName
$registry = Start-BenchRegistry $folder
try {
    Add-BenchTags $registry.Host bench/first 1
    $image = "$($registry.Host)/bench/first:t1"
    $url = "http://$($registry.Host)/v2/bench/first/manifests/t1"
    $ours = "`$w=[System.Diagnostics.Stopwatch]::StartNew(); `$d = Get-ImageDigest '$image'; `$t=`$w.Elapsed.TotalMilliseconds; if (`$d.Digest.Length -ne 71) { exit 1 }; `$t"
    $bare = @"
`$w=[System.Diagnostics.Stopwatch]::StartNew()
`$http = [System.Net.Http.HttpClient]::new()
`$request = [System.Net.Http.HttpRequestMessage]::new('HEAD', '$url')
`$null = `$request.Headers.TryAddWithoutValidation('Accept', 'application/vnd.oci.image.manifest.v1+json')
`$answer = `$http.SendAsync(`$request).GetAwaiter().GetResult()
`$t = `$w.Elapsed.TotalMilliseconds
if (-not `$answer.IsSuccessStatusCode) { exit 1 }
`$t
"@
    $import = "Import-Module '$Module'`n"
    $times = Measure-FreshInTurn ([ordered]@{ ours = $import + $ours; bare = $import + $bare })
    $a = $times.ours; $b = $times.bare
    New-Figure 'First Get-ImageDigest after import' $a 'time limit' 150 ms '<= 150 ms' ($a -le 150)
    New-Figure 'First Get-ImageDigest after import' $a 'bare HttpClient HEAD' $b ms '<= 2 x' ($a -le 2 * $b)
}
finally {
    Stop-BenchRegistry $registry
    Remove-Item -Recurse -Force -LiteralPath $folder
}
