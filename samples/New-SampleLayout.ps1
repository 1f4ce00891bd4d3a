#Requires -Version 7.6
<#
.SYNOPSIS
    Writes an OCI layout with one multi-platform image, made of this repository's own files.
.DESCRIPTION
    Three layers for each of linux/amd64 and linux/arm64; the lower two are shared. The same files give the same
    bytes, so the digests only move when the files do. Needs no engine, no registry and not OciTools itself.
#>
[CmdletBinding()]
param(
    # The directory of the layout; an existing one is replaced.
    [Parameter(Mandatory)] [string] $Destination,

    # The name of the image in the layout.
    [string] $RefName = '1.0'
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$root = Split-Path $PSScriptRoot
$Destination = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Destination)
$created = [DateTimeOffset]::new(2026, 1, 2, 3, 4, 5, [TimeSpan]::Zero)
$createdText = $created.UtcDateTime.ToString('yyyy-MM-ddTHH:mm:ssZ')
if (Test-Path $Destination) { Remove-Item $Destination -Recurse -Force }
. (Join-Path $PSScriptRoot 'Layout.ps1')

# $Files: path inside the image -> content as bytes. Gives the descriptor of the gzip layer and the digest of its tar.
function Add-Layer([Collections.IDictionary] $Files) {
    $tar = [IO.MemoryStream]::new()
    $writer = [Formats.Tar.TarWriter]::new($tar, [Formats.Tar.TarEntryFormat]::Ustar, $true)
    $directories = [Collections.Generic.HashSet[string]]::new()
    [string[]] $paths = @($Files.Keys)
    [Array]::Sort($paths, [StringComparer]::Ordinal)
    foreach ($path in $paths) {
        $segments = $path -split '/'
        for ($depth = 1; $depth -lt $segments.Count; $depth++) {
            $directory = ($segments[0..($depth - 1)] -join '/') + '/'
            if ($directories.Add($directory)) { Add-Entry $writer 'Directory' $directory $null }
        }
        Add-Entry $writer 'RegularFile' $path $Files[$path]
    }
    $writer.Dispose()
    Add-Tar $tar.ToArray()
}

function Add-Entry($Writer, [Formats.Tar.TarEntryType] $Type, [string] $Path, [byte[]] $Content) {
    # ustar: the PAX headers that .NET writes hold the process id, so no two runs would give the same bytes
    $entry = [Formats.Tar.UstarTarEntry]::new($Type, $Path)
    $entry.ModificationTime = $created
    $entry.Mode = [IO.UnixFileMode]($Type -eq 'Directory' ? 0x1ED : 0x1A4)
    if ($null -ne $Content) { $entry.DataStream = [IO.MemoryStream]::new($Content) }
    $Writer.WriteEntry($entry)
}

function Read-Folder([string] $Folder, [string] $Filter, [string] $Prefix) {
    $files = @{}
    foreach ($file in Get-ChildItem (Join-Path $root $Folder) -Filter $Filter -Recurse -File) {
        $files[$Prefix + [IO.Path]::GetRelativePath($root, $file.FullName).Replace('\', '/')] = [IO.File]::ReadAllBytes($file.FullName)
    }
    $files
}

$licence = Add-Layer @{ 'usr/share/licenses/ocitools/LICENSE' = [IO.File]::ReadAllBytes((Join-Path $root 'LICENSE')) }
$source = Add-Layer (Read-Folder 'src' '*.cs' 'usr/src/ocitools/')

$manifests = foreach ($architecture in 'amd64', 'arm64') {
    $documents = Read-Folder '.' '*.md' 'usr/share/doc/ocitools/'
    $documents['etc/platform'] = [Text.Encoding]::UTF8.GetBytes("linux/$architecture`n")
    $layers = $licence, $source, (Add-Layer $documents)
    $rows = @(
        @('COPY LICENSE /usr/share/licenses/ocitools/', $false), @('ENV OCITOOLS_SAMPLE=yes', $true)
        @('COPY src /usr/src/ocitools/src', $false), @('WORKDIR /usr/src/ocitools', $true)
        @("COPY *.md etc/platform / # $architecture", $false), @('CMD ["cat" "/etc/platform"]', $true)
    )
    $config = Add-Json ([ordered]@{
            created = $createdText; author = 'The OciTools contributors'; architecture = $architecture; os = 'linux'
            config = [ordered]@{
                Env = @('PATH=/usr/bin:/bin', 'OCITOOLS_SAMPLE=yes'); Cmd = @('cat', '/etc/platform'); WorkingDir = '/usr/src/ocitools'
                Labels = [ordered]@{ 'org.opencontainers.image.title' = 'ocitools-sample'; 'org.opencontainers.image.licenses' = 'MIT' }
            }
            rootfs = [ordered]@{ type = 'layers'; diff_ids = @($layers.DiffId) }
            history = @(foreach ($row in $rows) {
                    $entry = [ordered]@{ created = $createdText; created_by = $row[0] }
                    if ($row[1]) { $entry.empty_layer = $true }
                    $entry
                })
        }) 'application/vnd.oci.image.config.v1+json'
    $manifest = Add-Json ([ordered]@{
            schemaVersion = 2; mediaType = 'application/vnd.oci.image.manifest.v1+json'
            config = $config; layers = @($layers.Descriptor); annotations = [ordered]@{ 'org.opencontainers.image.created' = $createdText }
        }) 'application/vnd.oci.image.manifest.v1+json'
    $manifest.platform = [ordered]@{ architecture = $architecture; os = 'linux' }
    $manifest
}
$index = Add-Json ([ordered]@{
        schemaVersion = 2; mediaType = 'application/vnd.oci.image.index.v1+json'; manifests = @($manifests)
        annotations = [ordered]@{ 'org.opencontainers.image.title' = 'ocitools-sample' }
    }) 'application/vnd.oci.image.index.v1+json'
$index.annotations = [ordered]@{ 'org.opencontainers.image.ref.name' = $RefName }
Complete-Layout @($index)
