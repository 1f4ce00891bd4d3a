# A registry on this computer is the same by each of its names.
BeforeDiscovery {
    $names = @(
        @{ Loopback = '127.0.0.1'; Key = 'Registry' }
        @{ Loopback = 'localhost'; Key = 'Registry' }
        @{ Loopback = '[::1]'; Key = 'RegistryV6' }
    )
}
BeforeAll { . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1') }

Describe 'A registry on <Loopback>' -ForEach $names {
    BeforeAll {
        $port = ($World['Registry'] -split ':')[-1]
        $multi = "${Loopback}:$port/fixture/multi:1.0"
        $app = "${Loopback}:$port/fixture/app:1.0"
        $peer = "docker://$($World['Registry'])/fixture/multi:1.0"
        $peerApp = "docker://$($World['Registry'])/fixture/app:1.0"
    }
    It 'has the same digests' {
        Skip-Without $Key
        (Get-ImageDigest $multi).Digest | Should -BeExactly (Get-PeerDigest $peer)
        @(Get-ImageDigest $multi -Detailed)[1..2].Digest | Should -Be (Get-PeerRaw $peer).manifests.digest
    }
    It 'has the same manifests, by tag and by digest' {
        Skip-Without $Key
        $index = Get-ImageManifest $multi
        $index.Image | Should -BeExactly $multi
        $index.Digest | Should -BeExactly (Get-PeerDigest $peer)
        @(Get-ImageManifest $multi -All).Count | Should -Be 3
        (Get-ImageManifest "${Loopback}:$port/fixture/multi@$($index.Digest)").Digest | Should -BeExactly $index.Digest
    }
    It 'has the same config, history, layers and sizes' {
        Skip-Without $Key
        $raw = Get-PeerRaw $peerApp
        (Get-ImageConfig $app).ImageId | Should -BeExactly $raw.config.digest
        @(Get-ImageLayer $app).Digest | Should -Be $raw.layers.digest
        @(Get-LayerSize $app).Size | Should -Be $raw.layers.size
        @(Get-ImageHistory $app | Where-Object Layer -NE $null)[-1].Digest | Should -BeExactly $raw.layers[0].digest
    }
    It 'gives the same layers' {
        Skip-Without $Key
        $digests = (Get-PeerRaw $peerApp).layers.digest
        $exported = @(Export-ImageLayers $app -Destination $TestDrive -Force)
        $exported.Digest | Should -Be $digests
        @($exported.Path | ForEach-Object { Get-FileSha256 $_ }) | Should -Be $digests
    }
    It 'says ImageNotFound for a tag that is not there' {
        Skip-Without $Key
        Get-ImageDigest "${Loopback}:$port/fixture/multi:none" -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly 'ImageNotFound,OciTools.Commands.GetImageDigestCommand'
    }
}

Describe 'All names together' {
    It 'give one answer to every cmdlet' {
        Skip-Without Registry, RegistryV6
        $port = ($World['Registry'] -split ':')[-1]
        $digest = Get-PeerDigest "docker://$($World['Registry'])/fixture/app:1.0"
        $raw = Get-PeerRaw "docker://$($World['Registry'])/fixture/app:1.0"
        $tried = 0
        $held = 0
        foreach ($loopback in '127.0.0.1', 'localhost', '[::1]') {
            $image = "${loopback}:$port/fixture/app:1.0"
            $answers = @(
                (Get-ImageDigest $image).Digest -eq $digest
                (Get-ImageDigest $image -Detailed).ImageId -eq $raw.config.digest
                (Get-ImageManifest $image).Digest -eq $digest
                (Get-ImageConfig $image).ImageId -eq $raw.config.digest
                "$((Get-ImageLayer $image).Digest)" -eq "$($raw.layers.digest)"
                "$((Get-LayerSize $image).Size)" -eq "$($raw.layers.size)"
                @(Get-ImageHistory $image | Where-Object Layer -NE $null).Count -eq $raw.layers.Count
                "$((Export-ImageLayers $image -Destination $TestDrive -Force).Digest)" -eq "$($raw.layers.digest)"
            )
            $tried += $answers.Count
            $held += @($answers -eq $true).Count
        }
        Write-Host "C13 loopback names: tried $tried, held $held"
        $tried | Should -Be 24
        $held | Should -Be $tried
    }
}
