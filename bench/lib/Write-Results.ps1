#Requires -Version 7.6
<#
.SYNOPSIS
    Writes the figures of all benchmarks as a page, results.md, and the ratios to each peer as a chart, results.svg.
#>
param(
    # A file with one figure in each line, as New-Figure writes them.
    [Parameter(Mandatory)] [string] $Figures,
    [Parameter(Mandatory)] [string] $Destination
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$rows = @(Get-Content $Figures | ConvertFrom-Json)
$invariant = [cultureinfo]::InvariantCulture

function Get-Version([string] $Program, [string[]] $Arguments) {
    if (-not (Get-Command $Program -CommandType Application -ErrorAction Ignore)) { return "$Program is not there" }
    $said = @(& $Program @Arguments 2>&1 | ForEach-Object { "$_" }) -match '\d+\.\d+'
    $version = [regex]::Match("$($said | Select-Object -First 1)", '\d+(\.\d+)+').Value
    "$Program $($version ? $version : 'of an unknown version')"
}

$cpu = (Get-Content /proc/cpuinfo -ErrorAction Ignore) -match '^model name' | Select-Object -First 1
$memory = [math]::Round([GC]::GetGCMemoryInfo().TotalAvailableMemoryBytes / 1GB)
$peers = @(
    Get-Version skopeo '--version'
    Get-Version umoci '--version'
    Get-Version docker '--version'
    Get-Version docker-registry '--version'
    Get-Version curl '--version'
    Get-Version openssl 'version'
    Get-Version igzip '--version'
    Get-Version wrk '--version'
)
# what is no other tool: bounds, and our own figures of other images and commands
$own = 'none', 'pwsh idle', 'time limit', 'as many zeros to the disk', '100 MB, 20 times', '125,000 files, 4 times', 'Test-Image'
$short = @($rows | Where-Object { -not $_.Holds })
$compared = @($rows | Where-Object { $_.Ratio -gt 0 -and $_.Unit -in 'ms', 'ns' -and $_.Peer -notin $own })
$behind = @($compared | Where-Object Ratio -GT 1)

function Format-Value([double] $Value, [string] $Unit) { "$($Value.ToString('#,0.#', $invariant)) $Unit" }

@(
    '# What is measured'
    ''
    'Medians of five, of three for the memory of the commands that read layers; both sides in one run, ours inside a PowerShell that has the module, peers as whole processes. `./build.ps1 Bench` writes this page.'
    ''
    "- $(Get-Date -Format yyyy-MM-dd), $([Environment]::ProcessorCount) processors$(if ($cpu) { " ($($cpu -replace '^.*:\s*'))" }), $memory GiB, $([Runtime.InteropServices.RuntimeInformation]::OSDescription.Split('#')[0].Trim())"
    "- PowerShell $($PSVersionTable.PSVersion), .NET $([Environment]::Version)"
    "- $($peers -join ', ')"
    ''
    '![ratios](results.svg)'
    ''
    '| figure | ours | peer | theirs | ratio | bound | holds |'
    '|---|--:|---|--:|--:|---|---|'
    foreach ($row in $rows) {
        "| $($row.Figure) | $(Format-Value $row.Ours $row.Unit) | $($row.Peer) | $($row.Theirs ? (Format-Value $row.Theirs $row.Unit) : '') | $($null -ne $row.Ratio ? $row.Ratio.ToString('0.###', $invariant) : '') | $($row.Bound) | $($row.Holds ? 'yes' : '**no**') |"
    }
    ''
    '## Where a bound does not hold'
    ''
    if ($short) { foreach ($row in $short) { "- $($row.Figure), against $($row.Peer): $(Format-Value $row.Ours $row.Unit), bound $($row.Bound)" } } else { 'Nowhere.' }
    ''
    '## Where a peer is ahead'
    ''
    if ($behind) { foreach ($row in $behind) { "- $($row.Figure): $($row.Peer) takes $(Format-Value $row.Theirs $row.Unit), we take $(Format-Value $row.Ours $row.Unit)$($row.Bound -eq 'none' ? '' : ", bound $($row.Bound)")" } } else { 'Nowhere.' }
) | Set-Content (Join-Path $Destination results.md)

# One bar for each ratio, on a logarithmic scale, with a line where both sides are equal.
$left, $width, $line, $smallest, $largest = 430, 400, 20, 0.005, 5
$place = { param([double] $ratio) $left + $width * ([math]::Log10([math]::Clamp($ratio, $smallest, $largest)) - [math]::Log10($smallest)) / ([math]::Log10($largest) - [math]::Log10($smallest)) }
$number = { param([double] $value) $value.ToString('0.#', $invariant) }
$height = 50 + $line * $compared.Count
@(
    "<svg xmlns=`"http://www.w3.org/2000/svg`" width=`"900`" height=`"$height`" font-family=`"sans-serif`" font-size=`"12`">"
    '<rect width="100%" height="100%" fill="#fff"/>'
    "<text x=`"10`" y=`"20`" font-size=`"14`">Our time as a part of the peer's (to the left is faster)</text>"
    for ($i = 0; $i -lt $compared.Count; $i++) {
        $y = 36 + $line * $i
        $end = & $place $compared[$i].Ratio
        $text = [Security.SecurityElement]::Escape("$($compared[$i].Figure), $($compared[$i].Peer)")
        "<text x=`"$($left - 8)`" y=`"$($y + 12)`" text-anchor=`"end`">$($text.Length -gt 68 ? $text.Substring(0, 67) + '…' : $text)</text>"
        "<rect x=`"$left`" y=`"$y`" width=`"$(& $number ($end - $left))`" height=`"14`" fill=`"$($compared[$i].Ratio -le 1 ? '#2a7' : '#c64')`"/>"
        "<text x=`"$(& $number ($end + 5))`" y=`"$($y + 12)`">$($compared[$i].Ratio.ToString('0.###', $invariant))</text>"
    }
    $one = & $number (& $place 1)
    "<line x1=`"$one`" y1=`"30`" x2=`"$one`" y2=`"$($height - 10)`" stroke=`"#333`" stroke-dasharray=`"4 3`"/>"
    '</svg>'
) | Set-Content (Join-Path $Destination results.svg)
Write-Host "Wrote $(Join-Path $Destination results.md)"
