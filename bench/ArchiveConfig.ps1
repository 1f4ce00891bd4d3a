# The config out of a 1 GB oci-archive, against skopeo as a whole process, and out of a 1 GB docker-archive.
param([Parameter(Mandatory)][string] $Module)
. $PSScriptRoot/lib/Fixtures.ps1
Install-BenchTool
Import-Module $Module

$folder = (New-Item -ItemType Directory -Path ([System.IO.Path]::GetTempPath()) -Name "bench-$([guid]::NewGuid())").FullName
try {
    # one layer of random bytes in a tar, as an OCI layout, then by skopeo into both archives
    $null = New-Item -ItemType Directory "$folder/layout/blobs/sha256", "$folder/content"
    sh -c "head -c 1000000000 /dev/urandom > '$folder/content/random' && tar -C '$folder/content' -cf '$folder/layer.tar' random && rm -r '$folder/content'"
    $blob = {
        param($path)
        $hash = (Get-FileHash -Algorithm SHA256 $path).Hash.ToLower()
        $size = (Get-Item $path).Length
        Move-Item $path "$folder/layout/blobs/sha256/$hash"
        @{ digest = "sha256:$hash"; size = $size }
    }
    $layer = & $blob "$folder/layer.tar"
    Set-Content "$folder/config" -NoNewline (@{ architecture = 'amd64'; os = 'linux'; rootfs = @{ type = 'layers'; diff_ids = @($layer.digest) } } | ConvertTo-Json -Depth 9 -Compress)
    $config = & $blob "$folder/config"
    $manifest = @{ schemaVersion = 2; mediaType = 'application/vnd.oci.image.manifest.v1+json'
        config = @{ mediaType = 'application/vnd.oci.image.config.v1+json' } + $config
        layers = @(@{ mediaType = 'application/vnd.oci.image.layer.v1.tar' } + $layer) }
    Set-Content "$folder/manifest" -NoNewline ($manifest | ConvertTo-Json -Depth 9 -Compress)
    $top = @{ mediaType = 'application/vnd.oci.image.manifest.v1+json'; annotations = @{ 'org.opencontainers.image.ref.name' = 'big' } } + (& $blob "$folder/manifest")
    Set-Content "$folder/layout/index.json" -NoNewline (@{ schemaVersion = 2; manifests = @($top) } | ConvertTo-Json -Depth 9 -Compress)
    Set-Content "$folder/layout/oci-layout" -NoNewline '{"imageLayoutVersion":"1.0.0"}'
    tar -C "$folder/layout" -cf "$folder/oci.tar" oci-layout index.json blobs
    $null = Invoke-Tool skopeo copy --quiet "oci:$folder/layout:big" "docker-archive:$folder/docker.tar:bench/big:1"

    $id = $config.digest
    if ((Get-ImageConfig "oci-archive:$folder/oci.tar").ImageId -ne $id) { throw 'wrong image id out of the oci-archive' }
    $null = Get-ImageConfig "docker-archive:$folder/docker.tar"
    $oci = @(); $docker = @(); $skopeo = @()
    foreach ($i in 1..5) {
        $oci += (Measure-Milliseconds 1 { Get-ImageConfig "oci-archive:$folder/oci.tar" }).Median
        $docker += (Measure-Milliseconds 1 { Get-ImageConfig "docker-archive:$folder/docker.tar" }).Median
        $skopeo += (Measure-Milliseconds 1 { Invoke-Tool skopeo inspect --config "oci-archive:$folder/oci.tar" }).Median
    }
    $a = Get-Median $oci; $b = Get-Median $skopeo; $c = Get-Median $docker
    New-Figure 'Config out of a 1 GB oci-archive' $a 'skopeo inspect --config' $b ms '<= 1/10 x' ($a * 10 -le $b)
    New-Figure 'Config out of a 1 GB docker-archive' $c 'time limit' 20 ms '<= 20 ms' ($c -le 20)
}
finally { Remove-Item -Recurse -Force -LiteralPath $folder }
