#Requires -Version 7.6
<#
.SYNOPSIS
    Attaches artifacts to images in the registry of the tests by plain requests, as any other program would. Dot-sourced after Peers.ps1.
#>

$manifestType = 'application/vnd.oci.image.manifest.v1+json'
$indexType = 'application/vnd.oci.image.index.v1+json'

function New-Repository { "refs/$([guid]::NewGuid().ToString('n'))" }
function Get-Sha([byte[]] $Bytes) { 'sha256:' + [Convert]::ToHexString([Security.Cryptography.SHA256]::HashData($Bytes)).ToLowerInvariant() }

$pushed = @{}

function Push-Blob([string] $Repository, [byte[]] $Bytes) {
    $digest = Get-Sha $Bytes
    if ($pushed["$Repository $digest"]) { return $pushed["$Repository $digest"].Clone() }
    $location = (Invoke-WebRequest "http://$($World.Registry)/v2/$Repository/blobs/uploads/" -Method Post -NoProxy).Headers.Location[0]
    $null = Invoke-WebRequest "$location&digest=$digest" -Method Put -Body $Bytes -ContentType application/octet-stream -NoProxy
    $pushed["$Repository $digest"] = @{ mediaType = 'application/vnd.oci.empty.v1+json'; digest = $digest; size = $Bytes.Length }
    $pushed["$Repository $digest"].Clone()
}
function Push-Document([string] $Repository, $Document, [string] $Tag) {
    $bytes = [Text.Encoding]::UTF8.GetBytes((ConvertTo-Json $Document -Depth 9 -Compress))
    $digest = Get-Sha $bytes
    $null = Invoke-WebRequest "http://$($World.Registry)/v2/$Repository/manifests/$($Tag ? $Tag : $digest)" -Method Put -Body $bytes -ContentType $Document.mediaType -NoProxy
    @{ mediaType = $Document.mediaType; digest = $digest; size = $bytes.Length }
}
function Push-Artifact([string] $Repository, [string] $Type, [hashtable] $Subject, [string] $Tag, [hashtable] $Annotations = @{}) {
    $empty = Push-Blob $Repository ([Text.Encoding]::UTF8.GetBytes('{}'))
    $document = [ordered]@{ schemaVersion = 2; mediaType = $manifestType; artifactType = $Type; config = $empty; layers = @($empty); annotations = $Annotations }
    if ($Subject) { $document.subject = $Subject }
    $entry = Push-Document $Repository $document $Tag
    $entry.artifactType = $Type
    $entry
}
function Push-Image([string] $Repository) {
    $null = skopeo --insecure-policy copy -q --all --dest-tls-verify=false "oci:$($World.Sample):1.0" "docker://$($World.Registry)/${Repository}:1.0"
    $peer = "docker://$($World.Registry)/${Repository}:1.0"
    $digest = Get-PeerDigest $peer
    @{ mediaType = $indexType; digest = $digest; size = [Text.Encoding]::UTF8.GetByteCount((skopeo inspect --raw --tls-verify=false $peer) -join "`n") }
}

# what stands on the list of a subject, asked without OciTools
function Get-PeerReferrer([string] $Repository, [string] $Subject) {
    $list = Invoke-WebRequest "http://$($World.Registry)/v2/$Repository/manifests/$($Subject -replace ':', '-')" -Headers @{ Accept = $indexType } -NoProxy -SkipHttpErrorCheck
    if ($list.StatusCode -eq 200) { @([Text.Encoding]::UTF8.GetString($list.Content) | ConvertFrom-Json | ForEach-Object manifests) | ForEach-Object digest }
}
