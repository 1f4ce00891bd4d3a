# 50 tags of 10 images that share their layers, from one registry to another, against 50 runs of skopeo copy; skopeo keeps its cache of blob
# locations from run to run, and starts each round without one. Twice: with the data of the registries in memory, where clients are compared
# and nothing else, and on the disk, where both sides wait for what the registries put there.
param([Parameter(Mandatory)][string] $Module)
. $PSScriptRoot/lib/Fixtures.ps1
Import-Module $Module

Install-BenchTool
$layout = Get-BenchLayout debian
$folder = (New-Item -ItemType Directory -Path ([System.IO.Path]::GetTempPath()) -Name "bench-$([guid]::NewGuid().ToString('N').Substring(0, 8))").FullName
$memory = (New-Item -ItemType Directory -Path /dev/shm -Name (Split-Path -Leaf $folder)).FullName
$registries = [System.Collections.Generic.List[object]]::new()
try {
    # each image has a layer and a config of its own on top
    Invoke-Tool cp -a $layout "$folder/layout"
    foreach ($i in 1..10) {
        Set-Content "$folder/number" $i
        Invoke-Tool umoci config --image "$folder/layout:bench" --tag "i$i" --config.label "number=$i" > $null
        Invoke-Tool umoci insert --image "$folder/layout:i$i" "$folder/number" /number > $null
    }
    $env:XDG_DATA_HOME = "$folder/cache"
    foreach ($place in @{ Name = 'in memory'; Folder = $memory }, @{ Name = 'on disk'; Folder = $folder }) {
        $source, $target = 'source', 'target' | ForEach-Object { Start-BenchRegistry (New-Item -ItemType Directory "$($place.Folder)/$_").FullName }
        $registries.AddRange([object[]]($source, $target))
        $names = foreach ($i in 1..10) {
            Invoke-Tool skopeo --insecure-policy copy -q --dest-tls-verify=false "oci:$folder/layout:i$i" "docker://$($source.Host)/many/app${i}:1" > $null
            $null = Add-ImageTag "$($source.Host)/many/app${i}:1" -Tag 2, 3, 4, 5
            foreach ($tag in 1..5) { "many/app${i}:$tag" }
        }
        $times = Measure-InTurn -Clean {
            Move-Away $folder cache target/data
            Invoke-Tool rm -rf "$memory/target/data"
        } ([ordered]@{
                ours   = { $names | ForEach-Object { [pscustomobject]@{ Image = "$($source.Host)/$_"; Destination = "$($target.Host)/$_" } } | Copy-Image -ErrorAction Stop }
                skopeo = { foreach ($name in $names) { Invoke-Tool skopeo --insecure-policy copy -q --src-tls-verify=false --dest-tls-verify=false "docker://$($source.Host)/$name" "docker://$($target.Host)/$name" } }
            })
        New-Ratio "50 tags of 10 images, registries $($place.Name)" $times.ours '50 runs of skopeo copy' $times.skopeo 0.33
    }
}
finally {
    $env:XDG_DATA_HOME = $null
    foreach ($registry in $registries) { Stop-BenchRegistry $registry }
    Invoke-Tool rm -rf $folder $memory
}
