# Copy-Image against skopeo, and against curl, tee and openssl: from a registry into a layout, cold and safely on the disk; from a layout into
# an empty registry; and within a registry, where blobs are mounted. skopeo starts with an empty cache of blob locations each time.
param([Parameter(Mandatory)][string] $Module)
. $PSScriptRoot/lib/Fixtures.ps1
Import-Module $Module

Install-BenchTool
$layout = Get-BenchLayout debian
$folder = (New-Item -ItemType Directory -Path ([System.IO.Path]::GetTempPath()) -Name "bench-$([guid]::NewGuid().ToString('N').Substring(0, 8))").FullName
$registry = Start-FixtureRegistry $folder debian
$empty = Start-BenchRegistry (New-Item -ItemType Directory "$folder/empty").FullName
try {
    $image = $registry.Image
    $manifest = Get-ImageManifest $image
    Set-Content "$folder/layers" ($manifest.Layers.Digest | ForEach-Object { "http://$($registry.Host)/v2/bench/debian/blobs/$_" })
    $stored = ($manifest.Layers | Measure-Object Size -Sum).Sum
    $env:XDG_DATA_HOME = "$folder/cache"
    $run = 0
    $putAway = {
        Move-Away $folder ours theirs blobs disk cache
        $script:run++
    }
    $pull = Measure-InTurn -Clean $putAway ([ordered]@{
            ours   = { Copy-Image $image "oci:$folder/ours:x" }
            skopeo = { Invoke-Tool skopeo --insecure-policy copy -q --src-tls-verify=false "docker://$image" "oci:$folder/theirs:x" }
            # what the disk itself takes for as many bytes; where writes are throttled, nobody who waits for them can be faster
            disk   = { Invoke-Tool sh -c "mkdir '$folder/disk' && head -c $stored /dev/zero | dd of='$folder/disk/zeros' bs=1M iflag=fullblock conv=fsync" }
            curl   = { Invoke-Tool sh -c "mkdir '$folder/blobs' && cd '$folder/blobs' && xargs -P 3 -I{} sh -c 'curl -sf {} | tee `$(basename {}) | openssl dgst -sha256' < '$folder/layers' && sync" }
        })
    New-Ratio 'registry to layout' $pull.ours 'skopeo' $pull.skopeo 0.6
    New-Ratio 'registry to layout' $pull.ours 'curl, tee, openssl and sync' $pull.curl 1.0
    New-Figure 'registry to layout' $pull.ours 'as many zeros to the disk' $pull.disk ms 'none' $true

    # a repository of its own each time, but docker-registry keeps the blobs of all in one place, so its storage goes too
    $storage = "$folder/empty/data"
    $push = Measure-InTurn -Clean { & $putAway; Invoke-Tool rm -rf $storage } ([ordered]@{
            ours   = { Copy-Image "oci:${layout}:bench" "$($empty.Host)/bench/debian:1" }
            skopeo = { Invoke-Tool skopeo --insecure-policy copy -q --dest-tls-verify=false "oci:${layout}:bench" "docker://$($empty.Host)/bench/debian:1" }
        })
    New-Ratio 'layout to an empty registry' $push.ours 'skopeo' $push.skopeo 1.0

    $mount = Measure-InTurn -Clean $putAway ([ordered]@{
            ours   = { Copy-Image $image "$($registry.Host)/bench/ours-$PID-${run}:1" }
            skopeo = { Invoke-Tool skopeo --insecure-policy copy -q --src-tls-verify=false --dest-tls-verify=false "docker://$image" "docker://$($registry.Host)/bench/theirs-$PID-${run}:1" }
        })
    New-Ratio 'registry to registry, mounted' $mount.ours 'skopeo' $mount.skopeo 1.2
    $again = Measure-InTurn ([ordered]@{ ours = { Copy-Image $image "$($registry.Host)/bench/ours-again:1" -Force } })
    New-Figure 'nothing changed' $again.ours 'none' 0 ms '5 requests' (@(Copy-Image $image "$($registry.Host)/bench/ours-again:1" -Verbose 4>&1 | Where-Object { "$_" -match '^(HEAD|GET|POST|PUT|PATCH) ' }).Count -le 5)

    $idle = Get-Median (1..5 | ForEach-Object { (Measure-FreshPwsh $Module '1').Peak })
    foreach ($way in ([ordered]@{ pull = "$image oci:$folder/ours:x"; push = "oci:${layout}:bench $($empty.Host)/bench/memory:1"; save = "$image oci-archive:$folder/ours.tar:x" }).GetEnumerator()) {
        $peak = Get-Median (1..5 | ForEach-Object {
                & $putAway
                Move-Away $folder ours.tar
                Invoke-Tool rm -rf $storage
                (Measure-FreshPwsh $Module "Copy-Image $($way.Value)").Peak
            })
        New-Figure "memory, $($way.Key)" ($peak / 1MB - $idle / 1MB) 'pwsh idle' ($idle / 1MB) MiB '<= 64 MiB' ($peak - $idle -le 64MB)
    }
}
finally {
    $env:XDG_DATA_HOME = $null
    Stop-BenchRegistry $registry
    Stop-BenchRegistry $empty
    Invoke-Tool rm -rf $folder
}
