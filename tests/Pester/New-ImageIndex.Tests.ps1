BeforeAll {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')
    function New-Repository { "$($World.Registry)/index/$([guid]::NewGuid().ToString('n'))" }
    function New-Layout { Join-Path $TestDrive ([guid]::NewGuid().ToString('n')) }

    # the two platforms of the sample as images of their own
    function New-Single([string] $Place) {
        foreach ($platform in 'linux/amd64', 'linux/arm64') {
            (Copy-Image "oci:$($World.Sample):1.0" "${Place}:$($platform -replace '.*/')" -Platform $platform).Destination
        }
    }
}

Describe 'New-ImageIndex' {
    It 'puts two images of <Kind> together, and skopeo finds each by its platform' -ForEach @{ Kind = 'a registry' }, @{ Kind = 'a layout' } {
        Skip-Without Registry
        $place = $Kind -eq 'a registry' ? (New-Repository) : "oci:$(New-Layout)"
        $peer = $Kind -eq 'a registry' ? "docker://${place}:multi" : "${place}:multi"
        $singles = @(New-Single $place)
        $index = New-ImageIndex $singles -Destination "${place}:multi"
        $index | Should -BeOfType ([OciTools.ImageIndex])
        $index.Image | Should -BeExactly "${place}:multi"
        $index.Digest | Should -BeExactly (Get-PeerDigest $peer)
        $index.Platforms | Should -BeExactly 'linux/amd64', 'linux/arm64'
        $raw = Get-PeerRaw $peer
        $raw.mediaType | Should -BeExactly 'application/vnd.oci.image.index.v1+json'
        $raw.manifests.digest | Should -BeExactly @($singles | ForEach-Object { Get-PeerDigest ($Kind -eq 'a registry' ? "docker://$_" : $_) })
        foreach ($architecture in 'amd64', 'arm64') { (Get-PeerConfig $peer $architecture).architecture | Should -BeExactly $architecture }
        (Test-Image "${place}:multi").Passed | Should -BeTrue
    }
    It 'gives the same bytes for the same images, in whatever order the annotations are, and reads them back' {
        Skip-Without Registry
        $singles = @(New-Single "oci:$(New-Layout)")
        $first = New-ImageIndex $singles -Destination "oci:$(New-Layout):x" -Annotation @{ b = 2; a = "caf`u{e9}"; 'org.example.long' = 'text' }
        $second = $singles | New-ImageIndex -Destination "$(New-Repository):x" -Annotation ([ordered]@{ 'org.example.long' = 'text'; a = "caf`u{e9}"; b = 2 })
        $second.Digest | Should -BeExactly $first.Digest
        $annotations = (Get-PeerRaw "docker://$($second.Image)").annotations
        @($annotations.Keys | Sort-Object) | Should -BeExactly 'a', 'b', 'org.example.long'
        $annotations.a | Should -BeExactly "caf`u{e9}"
        $annotations.b | Should -BeExactly '2'
        (New-ImageIndex $singles[1], $singles[0] -Destination "oci:$(New-Layout):x").Digest | Should -Not -BeExactly $first.Digest
    }
    It 'copies what is not there, and takes from another repository of the registry what is' {
        Skip-Without Registry
        $singles = @(New-Single (New-Repository))
        $repository = New-Repository
        $said = New-ImageIndex $singles -Destination "${repository}:multi" -Verbose 4>&1
        @($said -match '^PUT .*/blobs/uploads/').Count | Should -Be 0 -Because 'the registry takes the blobs from the other repository'
        (Test-Image "${repository}:multi").Passed | Should -BeTrue
        $said = New-ImageIndex $singles -Destination "${repository}:again" -Verbose 4>&1
        @($said -match '^(POST|PUT) ').Count | Should -Be 1 -Because 'only the index is written'
    }
    It 'takes apart an index and keeps its attestations with it' {
        Skip-Without Registry
        $layout = New-Layout
        Copy-Item -Recurse $World.Sample $layout
        $top = Get-PeerRaw "oci:${layout}:1.0"
        function Add-Blob([byte[]] $Bytes) {
            $hash = [Convert]::ToHexString([Security.Cryptography.SHA256]::HashData($Bytes)).ToLowerInvariant()
            [IO.File]::WriteAllBytes("$layout/blobs/sha256/$hash", $Bytes)
            @{ digest = "sha256:$hash"; size = $Bytes.Length }
        }
        $empty = Add-Blob ([Text.Encoding]::UTF8.GetBytes('{}'))
        $layer = $empty + @{ mediaType = 'application/vnd.in-toto+json' }
        # as BuildKit writes it
        $config = Add-Blob ([Text.Encoding]::UTF8.GetBytes("{`"architecture`":`"unknown`",`"os`":`"unknown`",`"config`":{},`"rootfs`":{`"type`":`"layers`",`"diff_ids`":[`"$($empty.digest)`"]}}"))
        $config += @{ mediaType = 'application/vnd.oci.image.config.v1+json' }
        $attestation = Add-Blob ([Text.Encoding]::UTF8.GetBytes((ConvertTo-Json -Depth 9 ([ordered]@{ schemaVersion = 2; mediaType = 'application/vnd.oci.image.manifest.v1+json'; config = $config; layers = @($layer) }))))
        $attestation += @{
            mediaType = 'application/vnd.oci.image.manifest.v1+json'; platform = @{ os = 'unknown'; architecture = 'unknown' }
            annotations = @{ 'vnd.docker.reference.type' = 'attestation-manifest'; 'vnd.docker.reference.digest' = $top.manifests[0].digest }
        }
        $top.manifests[0]['x-own'] = 7
        $top.manifests += $attestation
        $attested = Add-Blob ([Text.Encoding]::UTF8.GetBytes((ConvertTo-Json $top -Depth 9)))
        $result = New-ImageIndex "oci:$layout@$($attested.digest)" -Destination "$(New-Repository):x"
        $raw = Get-PeerRaw "docker://$($result.Image)"
        $raw.manifests.digest | Should -BeExactly @($top.manifests.digest)
        $raw.manifests[0].'x-own' | Should -Be 7
        $raw.manifests[-1].annotations.'vnd.docker.reference.digest' | Should -BeExactly $top.manifests[0].digest
        (Get-ImageReferrer $result).Digest | Should -BeExactly $attestation.digest
        (Test-Image $result).Passed | Should -BeTrue
    }
    It 'names both images that are for one platform' {
        $layout = New-Layout
        $singles = @(New-Single "oci:$layout")
        New-ImageIndex "oci:$($World.Sample):1.0", $singles[1] -Destination "oci:${layout}:same" | ForEach-Object Platforms | Should -BeExactly 'linux/amd64', 'linux/arm64' -Because 'the same image twice is one'
        # another image for linux/arm64
        $other = New-Layout
        $null = umoci init --layout $other
        $null = umoci new --image "${other}:x"
        $null = umoci config --image "${other}:x" --architecture arm64 --os linux
        New-ImageIndex $singles[1], "oci:${other}:x" -Destination "oci:${layout}:x" -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly 'DuplicatePlatform,OciTools.Commands.NewImageIndexCommand'
        foreach ($name in $singles[1], "oci:${other}:x") { "$failure" | Should -Match ([regex]::Escape($name)) }
        Get-ImageDigest "oci:${layout}:x" -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
    }
    It 'is pulled by <Engine> for the platform of this host' -ForEach @{ Engine = 'Docker' }, @{ Engine = 'Podman' } {
        Skip-Without $Engine, App
        $repository = New-Repository
        # an image of Docker's own types, as the engine pushes it, beside one of OCI types
        $arm = (Copy-Image "oci:$($World.Sample):1.0" "${repository}:arm64" -Platform linux/arm64).Destination
        $index = New-ImageIndex "$($World.Registry)/fixture/app:1.0", $arm -Destination "${repository}:multi"
        if ($Engine -eq 'Docker') {
            $null = docker pull -q $index.Image
            docker image inspect -f '{{.Id}}' $index.Image | Should -BeExactly $World.AppId
            $null = docker rmi $index.Image
        }
        else {
            $null = podman @($World.PodmanArguments) pull -q --tls-verify=false $index.Image
            'sha256:' + (podman @($World.PodmanArguments) image inspect -f '{{.Id}}' $index.Image) | Should -BeExactly $World.AppId
            $null = podman @($World.PodmanArguments) rmi $index.Image
        }
    }
    It 'takes a name from another image only with -Force' {
        $layout = New-Layout
        $singles = @(New-Single "oci:$layout")
        $before = (Get-ImageDigest $singles[0]).Digest
        New-ImageIndex $singles -Destination "oci:${layout}:amd64" -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly 'TagExists,OciTools.Commands.NewImageIndexCommand'
        (Get-ImageDigest $singles[0]).Digest | Should -BeExactly $before
        $index = New-ImageIndex $singles -Destination "oci:${layout}:amd64" -Force
        (Get-ImageDigest $singles[0]).Digest | Should -BeExactly $index.Digest
    }
    It 'makes no index where one of the images is <Kind>' -ForEach @(
        @{ Kind = 'not there'; Name = 'oci:{0}:none'; Id = 'ImageNotFound' }, @{ Kind = 'no name'; Name = 'a b'; Id = 'InvalidImageName' }
    ) {
        $layout = New-Layout
        $name = $Name -f $World.Sample
        $made = $failure = $null
        try { $made = New-ImageIndex "oci:$($World.Sample):1.0", $name -Destination "oci:${layout}:x" -ErrorAction Stop } catch { $failure = $_ }
        $made | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly "$Id,OciTools.Commands.NewImageIndexCommand"
        $layout | Should -Not -Exist
    }
    It 'writes nothing with -WhatIf, and says what it would write' {
        $layout = New-Layout
        $said = Get-WhatIf "New-ImageIndex 'oci:$($World.Sample):1.0' 'oci:${layout}:x' -WhatIf"
        @($said -match 'What if:').Count | Should -Be 1
        $said -join '' | Should -Match 'linux/amd64, linux/arm64: 2 images'
        $layout | Should -Not -Exist
    }
}
