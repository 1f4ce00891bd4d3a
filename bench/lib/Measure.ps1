# Shared by the benchmarks: medians, child processes, a registry with many tags, results as objects.
$ErrorActionPreference = 'Stop'

function Get-Median([double[]] $Value) {
    $sorted = @($Value | Sort-Object)
    $middle = [math]::Floor($sorted.Count / 2)
    if ($sorted.Count % 2) { $sorted[$middle] } else { ($sorted[$middle - 1] + $sorted[$middle]) / 2 }
}

# Milliseconds of a script block, several times; the median and all values.
function Measure-Milliseconds([int] $Times, [scriptblock] $Block) {
    $all = foreach ($i in 1..$Times) {
        $watch = [System.Diagnostics.Stopwatch]::StartNew()
        $null = & $Block
        $watch.Elapsed.TotalMilliseconds
    }
    [pscustomobject]@{ Median = Get-Median $all; All = $all }
}

# Runs PowerShell code in a fresh process of the same version and gives its output.
function Invoke-FreshPwsh([string] $Code) {
    $file = [System.IO.Path]::GetTempFileName() + '.ps1'
    try {
        Set-Content -LiteralPath $file -Value $Code
        & dotnet (Join-Path $PSHOME pwsh.dll) -NoProfile -NoLogo -File $file
        if ($LASTEXITCODE) { throw "The child process ended with $LASTEXITCODE." }
    }
    finally { Remove-Item -LiteralPath $file -ErrorAction Ignore }
}

# Milliseconds that pieces of PowerShell code give, each in fresh processes, in turn; the medians of five by name. What runs before a process
# counts, so the one that begins is another in each round; and the first round, which fills caches, does not count.
function Measure-FreshInTurn([System.Collections.IDictionary] $Codes) {
    $all = @{}
    $names = @($Codes.Keys)
    foreach ($round in 0..5) {
        foreach ($i in 0..($names.Count - 1)) {
            $name = $names[($round + $i) % $names.Count]
            $time = [double](Invoke-FreshPwsh $Codes[$name])
            if ($round -gt 0) { $all[$name] += @($time) }
        }
    }
    $medians = @{}
    foreach ($name in $names) { $medians[$name] = Get-Median $all[$name] }
    $medians
}

function New-Figure([string] $Name, [double] $Ours, [string] $Peer, [double] $PeerValue, [string] $Unit, [string] $Bound, [bool] $Holds) {
    $figure = [pscustomobject]@{
        Figure = $Name
        Ours   = [math]::Round($Ours, 1)
        Peer   = $Peer
        Theirs = [math]::Round($PeerValue, 1)
        Unit   = $Unit
        Ratio  = if ($PeerValue) { [math]::Round($Ours / $PeerValue, 3) }
        Bound  = $Bound
        Holds  = $Holds
    }

    # where build.ps1 collects the figures of all scripts
    if ($env:OCITOOLS_BENCH_FIGURES) { $figure | ConvertTo-Json -Compress | Add-Content -LiteralPath $env:OCITOOLS_BENCH_FIGURES }
    $figure
}

function Get-FreePort {
    $listener = [System.Net.Sockets.TcpListener]::new([System.Net.IPAddress]::Loopback, 0)
    $listener.Start()
    $port = $listener.LocalEndpoint.Port
    $listener.Stop()
    $port
}

# A real docker-registry on loopback; Stop-BenchRegistry ends it.
function Start-BenchRegistry([string] $Folder, [string] $Data = "$Folder/data") {
    $port = Get-FreePort
    $config = Join-Path $Folder registry.yml
    Set-Content -LiteralPath $config -Value @"
version: 0.1
log: { level: error, accesslog: { disabled: true } }
storage: { filesystem: { rootdirectory: $Data }, delete: { enabled: true } }
http: { addr: 127.0.0.1:$port, secret: bench }
"@
    $process = Start-Process docker-registry -ArgumentList 'serve', $config -PassThru -RedirectStandardOutput "$Folder/out.log" -RedirectStandardError "$Folder/err.log"
    foreach ($i in 1..100) {
        try {
            $null = Invoke-WebRequest "http://127.0.0.1:$port/v2/" -TimeoutSec 2
            return [pscustomobject]@{ Host = "127.0.0.1:$port"; Process = $process }
        }
        catch { Start-Sleep -Milliseconds 50 }
    }
    Stop-Process $process -ErrorAction Ignore
    throw "docker-registry did not start: $(Get-Content -Raw "$Folder/err.log")"
}

function Stop-BenchRegistry($Registry) {
    Stop-Process -Id $Registry.Process.Id
    $Registry.Process.WaitForExit()
}

# Puts a small image into a repository under many tags, each tag with a manifest of its own.
function Add-BenchTags([string] $RegistryHost, [string] $Repository, [int] $Count) {
    $http = [System.Net.Http.HttpClient]::new()
    $base = "http://$RegistryHost/v2/$Repository"
    $put = {
        param([byte[]] $Bytes)
        $digest = 'sha256:' + [Convert]::ToHexStringLower([System.Security.Cryptography.SHA256]::HashData($Bytes))
        $start = $http.PostAsync("$base/blobs/uploads/", $null).Result
        $separator = $start.Headers.Location.ToString().Contains('?') ? '&' : '?'
        $null = $http.PutAsync("$($start.Headers.Location)${separator}digest=$digest", [System.Net.Http.ByteArrayContent]::new($Bytes)).Result.EnsureSuccessStatusCode()
        $digest
    }
    $layer = [byte[]]::new(10240)
    $diffId = 'sha256:' + [Convert]::ToHexStringLower([System.Security.Cryptography.SHA256]::HashData($layer))
    $layerDigest = & $put $layer
    $config = [System.Text.Encoding]::UTF8.GetBytes("{`"architecture`":`"amd64`",`"os`":`"linux`",`"rootfs`":{`"type`":`"layers`",`"diff_ids`":[`"$diffId`"]}}")
    $configDigest = & $put $config
    foreach ($i in 1..$Count) {
        $manifest = @"
{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"$configDigest","size":$($config.Length)},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"$layerDigest","size":$($layer.Length)}],"annotations":{"number":"$i"}}
"@
        $content = [System.Net.Http.StringContent]::new($manifest)
        $content.Headers.ContentType = 'application/vnd.oci.image.manifest.v1+json'
        $null = $http.PutAsync("$base/manifests/t$i", $content).Result.EnsureSuccessStatusCode()
    }
    $http.Dispose()
}

# Milliseconds of several script blocks, run in turn so that what disturbs the machine disturbs all; the medians by name. What each one
# leaves is cleaned up outside the measurement. Before each there are two seconds of rest, in which .NET ends what it compiles in the background
# of the script that ran before.
function Measure-InTurn([System.Collections.IDictionary] $Blocks, [scriptblock] $Clean = {}, [int] $Times = 5) {
    $all = [ordered]@{}
    foreach ($name in $Blocks.Keys) { $all[$name] = [System.Collections.Generic.List[double]]::new() }
    & $Clean
    foreach ($i in 1..$Times) {
        foreach ($name in $Blocks.Keys) {
            Start-Sleep -Seconds 2
            $all[$name].Add((Measure-Milliseconds 1 $Blocks[$name]).Median)
            & $Clean
        }
    }
    $medians = [ordered]@{}
    foreach ($name in $Blocks.Keys) { $medians[$name] = Get-Median $all[$name] }
    $medians
}

# Puts aside what a run has written, so that the next one finds nothing there. Nothing is deleted before the end: an ext4 without a
# journal looks for inodes that were not freed in the last minutes, which makes whoever creates files next slow.
function Move-Away([string] $Folder) {
    $old = New-Item -ItemType Directory "$Folder/old/$([guid]::NewGuid())"
    foreach ($name in $args) { if (Test-Path "$Folder/$name") { Move-Item "$Folder/$name" $old } }
    sync
}

# How the time of one side compares with that of the other.
function New-Ratio([string] $Name, [double] $Ours, [string] $Peer, [double] $Theirs, [double] $Bound) {
    New-Figure $Name $Ours $Peer $Theirs ms "<= $($Bound.ToString([cultureinfo]::InvariantCulture)) x" ($Ours -le $Bound * $Theirs)
}

# Peak memory in bytes, milliseconds and output of PowerShell code in a fresh process with the module.
function Measure-FreshPwsh([string] $Module, [string] $Code) {
    $result = Invoke-FreshPwsh @"
`$ErrorActionPreference = 'Stop'
Import-Module '$Module'
`$watch = [System.Diagnostics.Stopwatch]::StartNew()
`$output = & { $Code }
`$time = `$watch.Elapsed.TotalMilliseconds
`$peak = [long]((@([System.IO.File]::ReadAllLines('/proc/self/status')) -match '^VmHWM:')[0] -replace '\D') * 1024
@{ Peak = `$peak; Time = `$time; Output = "`$output" } | ConvertTo-Json -Compress
"@
    $result | ConvertFrom-Json
}
