# 50 tags of 10 images that share their layers, from one registry to another, against 50 runs of skopeo copy; skopeo keeps its cache of blob
# locations from run to run, and starts each round without one.
param([Parameter(Mandatory)][string] $Module)
. $PSScriptRoot/lib/Fixtures.ps1
Import-Module $Module

Install-BenchTool
$layout = Get-BenchLayout debian
$folder = (New-Item -ItemType Directory -Path ([System.IO.Path]::GetTempPath()) -Name "bench-$([guid]::NewGuid().ToString('N').Substring(0, 8))").FullName
$source = Start-BenchRegistry (New-Item -ItemType Directory "$folder/source").FullName
$target = Start-BenchRegistry (New-Item -ItemType Directory "$folder/target").FullName
try {
    # each image has a layer and a config of its own on top
    Invoke-Tool cp -a $layout "$folder/layout"
    $names = foreach ($i in 1..10) {
        Set-Content "$folder/number" $i
        Invoke-Tool umoci config --image "$folder/layout:bench" --tag "i$i" --config.label "number=$i" > $null
        Invoke-Tool umoci insert --image "$folder/layout:i$i" "$folder/number" /number > $null
        Invoke-Tool skopeo --insecure-policy copy -q --dest-tls-verify=false "oci:$folder/layout:i$i" "docker://$($source.Host)/many/app${i}:1" > $null
        $null = Add-ImageTag "$($source.Host)/many/app${i}:1" -Tag 2, 3, 4, 5
        foreach ($tag in 1..5) { "many/app${i}:$tag" }
    }
    $env:XDG_DATA_HOME = "$folder/cache"
    $times = Measure-InTurn -Clean { Move-Away $folder cache; Invoke-Tool rm -rf "$folder/target/data" } ([ordered]@{
            ours   = { $names | ForEach-Object { [pscustomobject]@{ Image = "$($source.Host)/$_"; Destination = "$($target.Host)/$_" } } | Copy-Image -ErrorAction Stop }
            skopeo = { foreach ($name in $names) { Invoke-Tool skopeo --insecure-policy copy -q --src-tls-verify=false --dest-tls-verify=false "docker://$($source.Host)/$name" "docker://$($target.Host)/$name" } }
        })
    New-Ratio '50 tags of 10 images' $times.ours '50 runs of skopeo copy' $times.skopeo 0.33
}
finally {
    $env:XDG_DATA_HOME = $null
    Stop-BenchRegistry $source
    Stop-BenchRegistry $target
    Invoke-Tool rm -rf $folder
}
