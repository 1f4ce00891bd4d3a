# Test-Image in full, against fetching all blobs with curl and inflating and hashing the layers with igzip and openssl, two at a time.
# Get-ImageFile, which reads the same, and Get-ImageContent, which needs the top layer only, against Test-Image.
param([Parameter(Mandatory)][string] $Module)
. $PSScriptRoot/lib/Fixtures.ps1
Import-Module $Module

Install-BenchTool
$folder = (New-Item -ItemType Directory -Path ([System.IO.Path]::GetTempPath()) -Name "bench-$([guid]::NewGuid())").FullName
$registry = Start-FixtureRegistry $folder debian
try {
    $image = $registry.Image
    $manifest = Get-ImageManifest $image
    $urls = @($manifest.Config.Digest) + $manifest.Layers.Digest | ForEach-Object { "http://$($registry.Host)/v2/bench/debian/blobs/$_" }
    Set-Content "$folder/urls" ($urls | ForEach-Object { "url=$_`nremote-name" })
    Set-Content "$folder/layers" $manifest.Layers.Digest
    $checked = Test-Image $image
    if (-not $checked.Passed) { throw 'The image does not pass.' }
    $fromPeer = @(sh -c "mkdir '$folder/blobs' && cd '$folder/blobs' && curl -sf -K '$folder/urls' && xargs -P 2 -I{} sh -c 'igzip -dc {} | openssl dgst -sha256' < '$folder/layers'" | ForEach-Object { 'sha256:' + ($_ -split ' ')[-1] })
    if (Compare-Object $fromPeer (Get-ImageConfig $image).DiffIds) { throw 'The peer has other diff ids.' }

    $times = Measure-InTurn -Clean { Move-Away $folder blobs } ([ordered]@{
            'Test-Image'    = { Test-Image $image }
            'curl, igzip and openssl' = {
                Invoke-Tool sh -c "mkdir '$folder/blobs' && cd '$folder/blobs' && curl -sf -Z --parallel-max 2 -K '$folder/urls' && xargs -P 2 -I{} sh -c 'igzip -dc {} | openssl dgst -sha256' < '$folder/layers'"
            }
            'Get-ImageFile' = { Get-ImageFile $image }
            'Get-ImageContent' = { Get-ImageContent $image /opt/farm/1 -AsByteStream -Raw }
        })
    New-Ratio 'Test-Image' $times['Test-Image'] 'curl, igzip and openssl' $times['curl, igzip and openssl'] 1.0
    New-Ratio 'Get-ImageFile' $times['Get-ImageFile'] 'Test-Image' $times['Test-Image'] 1.2
    New-Ratio 'Get-ImageContent' $times['Get-ImageContent'] 'Test-Image' $times['Test-Image'] 0.1
}
finally {
    Stop-BenchRegistry $registry
    Invoke-Tool rm -rf $folder
}
