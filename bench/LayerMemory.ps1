# What the cmdlets that read layers take beyond an idle pwsh with the module: at most 64 MiB and 160 bytes for each entry, for 100 MB of tar
# and for 2 GB; and their time, which grows with the bytes and with the entries and no faster. Each run has a process of its own.
param(
    [Parameter(Mandatory)][string] $Module,
    [int] $Times = 3
)
. $PSScriptRoot/lib/Fixtures.ps1

$commands = [ordered]@{
    'Test-Image'                    = '(Test-Image $image).Passed'
    'Get-ImageFile'                 = '(Get-ImageFile $image | Measure-Object).Count'
    'Get-ImageFile -Hash'           = '(Get-ImageFile $image -Hash | Measure-Object).Count'
    'Get-ImageContent'              = '(Get-ImageContent $image $file -AsByteStream -Raw).Length'
    'Get-LayerSize -Uncompressed'   = '(Get-LayerSize $image -Uncompressed | Measure-Object UncompressedSize -Sum).Sum'
    'Measure-Image -Uncompressed'   = '(Measure-Image $image -Uncompressed).TotalSize'
    'Compare-Image'                 = '(Compare-Image $other $image -Show File | Measure-Object).Count'
    'Export-ImageLayers -Flatten'   = '(Export-ImageLayers $image -Flatten -Destination "$folder/flat.tar").Size'
    'Export-ImageLayers'            = '(Export-ImageLayers $image -Destination "$folder/layers" -Uncompressed | Measure-Object Size -Sum).Sum'
    'Expand-Image'                  = '(Expand-Image $image -Destination "$folder/root").Files'
}

function Measure-Runs([string] $Name, [string] $Code) {
    $layout = Get-BenchLayout $Name
    $file = (Get-ImageLayer "oci:${layout}:bench")[0] | Get-ImageFile | Where-Object Type -EQ File | Select-Object -First 1
    $runs = foreach ($i in 1..$Times) {
        Measure-FreshPwsh $Module "`$folder = '$folder'; `$image = 'oci:${layout}:bench'; `$other = 'oci:$(Get-BenchLayout debian):bench'; `$file = '$($file.FilePath)'; $Code"
        Move-Away $folder flat.tar layers root .root.ocitools.json
    }
    [pscustomobject]@{ Peak = Get-Median $runs.Peak; Time = Get-Median $runs.Time; Output = $runs[0].Output }
}

Import-Module $Module
$folder = (New-Item -ItemType Directory -Path ([System.IO.Path]::GetTempPath()) -Name "bench-$([guid]::NewGuid())").FullName
try {
    $idle = Get-Median (1..$Times | ForEach-Object { (Measure-FreshPwsh $Module '1').Peak })
    $entries = @{}
    foreach ($name in 'debian', 'small', 'large', 'some', 'many') { $entries[$name] = (Get-ImageLayer "oci:$(Get-BenchLayout $name):bench" | Get-ImageFile | Measure-Object).Count }
    foreach ($command in $commands.Keys) {
        $runs = @{}
        foreach ($name in 'small', 'large', 'some', 'many') {
            $runs[$name] = Measure-Runs $name $commands[$command]
            $count = $entries[$name] + ($command -eq 'Compare-Image' ? $entries.debian : 0)
            $most = 64MB + 160 * $count
            New-Figure "$command, $name, $count entries" (($runs[$name].Peak - $idle) / 1MB) 'pwsh idle' ($idle / 1MB) MiB "<= $([math]::Round($most / 1MB)) MiB" ($runs[$name].Peak - $idle -le $most)
        }
        New-Figure "$command, 2 GB" $runs.large.Time '100 MB, 20 times' (20 * $runs.small.Time) ms '<= 1.2 x' ($runs.large.Time -le 24 * $runs.small.Time)
        New-Figure "$command, 500,000 files" $runs.many.Time '125,000 files, 4 times' (4 * $runs.some.Time) ms '<= 1.2 x' ($runs.many.Time -le 4.8 * $runs.some.Time)
    }
}
finally { Invoke-Tool rm -rf $folder }
