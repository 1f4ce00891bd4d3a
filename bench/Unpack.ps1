# The root file system of an image as one tar and as a directory: Export-ImageLayers -Flatten and Expand-Image against umoci unpack,
# which reads the image out of a local layout, and against docker export, which reads files that lie unpacked already.
param([Parameter(Mandatory)][string] $Module)
. $PSScriptRoot/lib/Fixtures.ps1
Import-Module $Module

Install-BenchTool
$layout = Get-BenchLayout debian
$folder = (New-Item -ItemType Directory -Path ([System.IO.Path]::GetTempPath()) -Name "bench-$([guid]::NewGuid().ToString('N').Substring(0, 8))").FullName
$registry = $engine = $null
try {
    $registry = Start-FixtureRegistry $folder debian
    $engine = Start-BenchEngine $folder
    Invoke-Tool skopeo --insecure-policy copy -q --dest-daemon-host $engine.Host "oci:${layout}:bench" docker-daemon:bench/debian:1 > $null
    Invoke-Tool docker -H $engine.Host create --name flat bench/debian:1 true > $null

    $image = "oci:${layout}:bench"
    $times = Measure-InTurn -Clean { Move-Away $folder flat.tar bundle root .root.ocitools.json } ([ordered]@{
            'Export-ImageLayers -Flatten from the registry' = { Export-ImageLayers $registry.Image -Flatten -Destination "$folder/flat.tar" }
            'Export-ImageLayers -Flatten from a layout'     = { Export-ImageLayers $image -Flatten -Destination "$folder/flat.tar" }
            'Expand-Image from a layout'                    = { Expand-Image $image -Destination "$folder/root" }
            'umoci unpack'                                  = { Invoke-Tool umoci unpack --image "${layout}:bench" "$folder/bundle" }
            'docker export'                                 = { Invoke-Tool docker -H $engine.Host export -o "$folder/flat.tar" flat }
        })
    New-Ratio 'Export-ImageLayers -Flatten from the registry' $times[0] 'umoci unpack' $times['umoci unpack'] 0.5
    New-Ratio 'Export-ImageLayers -Flatten from the registry' $times[0] 'docker export' $times['docker export'] 1.6
    New-Ratio 'Export-ImageLayers -Flatten from a layout' $times[1] 'umoci unpack' $times['umoci unpack'] 0.4
    New-Ratio 'Expand-Image from a layout' $times[2] 'umoci unpack' $times['umoci unpack'] 0.55
}
finally {
    if ($registry) { Stop-BenchRegistry $registry }
    if ($engine) { Stop-BenchEngine $engine }
    Invoke-Tool rm -rf $folder
}
