#Requires -Version 7.6
<#
.SYNOPSIS
    Writes the files of an OCI layout with nothing but .NET. Dot-sourced, after $Destination was set; $blobs is the folder of its blobs.
#>
$blobs = (New-Item -ItemType Directory (Join-Path $Destination 'blobs' 'sha256')).FullName

function Get-Sha256([byte[]] $Bytes) { 'sha256:' + [Convert]::ToHexStringLower([Security.Cryptography.SHA256]::HashData($Bytes)) }

# Gives the descriptor.
function Add-Blob([byte[]] $Bytes, [string] $MediaType) {
    $digest = Get-Sha256 $Bytes
    [IO.File]::WriteAllBytes((Join-Path $blobs $digest.Substring(7)), $Bytes)
    [ordered]@{ mediaType = $MediaType; digest = $digest; size = $Bytes.Length }
}

function Add-Json($Document, [string] $MediaType) {
    Add-Blob ([Text.Encoding]::UTF8.GetBytes(($Document | ConvertTo-Json -Depth 10 -Compress))) $MediaType
}

# Gives the descriptor of the gzip layer and the digest of its tar.
function Add-Tar([byte[]] $Tar) {
    $packed = [IO.MemoryStream]::new()
    $gzip = [IO.Compression.GZipStream]::new($packed, [IO.Compression.CompressionLevel]::Optimal, $true)
    $gzip.Write($Tar)
    $gzip.Dispose()
    @{
        Descriptor = Add-Blob $packed.ToArray() 'application/vnd.oci.image.layer.v1.tar+gzip'
        DiffId     = Get-Sha256 $Tar
    }
}

# Makes the layout of what was added.
function Complete-Layout([object[]] $Entries) {
    [IO.File]::WriteAllText((Join-Path $Destination 'index.json'), ([ordered]@{ schemaVersion = 2; manifests = @($Entries) } | ConvertTo-Json -Depth 10 -Compress))
    [IO.File]::WriteAllText((Join-Path $Destination 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
}
