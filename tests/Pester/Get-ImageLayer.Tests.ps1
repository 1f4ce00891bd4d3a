BeforeDiscovery {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')
    $app = @(Get-AppPlace)
    $multi = @(Get-MultiPlace)
    $single = @(Get-SinglePlace)
}
BeforeAll { . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1') }

Describe 'Get-ImageLayer' {
    It 'gives digests, sizes, types and diff ids as skopeo has them for <Place>' -ForEach ($single + $multi) {
        Skip-Without Registry, $Key
        $layers = @(Get-ImageLayer $Name -Platform linux/amd64)
        $child = Get-PeerChild $Peer amd64
        $layers.Digest | Should -Be $child.layers.digest
        $layers.Size | Should -Be $child.layers.size
        $layers.MediaType | Should -Be $child.layers.mediaType
        $layers.DiffId | Should -Be (Get-PeerConfig $Peer amd64).rootfs.diff_ids
        $layers.Layer | Should -Be @(0..($layers.Count - 1))
        $layers.Compression | Should -Be @($child.layers.mediaType | ForEach-Object { $_ -match 'zstd$' ? 'zstd' : $_ -match 'gzip$' ? 'gzip' : 'none' })
        $layers.Size | ForEach-Object { $_ | Should -BeOfType ([long]) }
    }

    It 'computes chain ids as the specification says' {
        $layers = @(Get-ImageLayer $World.Sample -Platform linux/amd64)
        $chain = $layers[0].DiffId
        $layers[0].ChainId | Should -BeExactly $chain
        foreach ($layer in $layers[1..2]) {
            $chain = 'sha256:' + (sh -c 'printf %s "$1" | sha256sum' sh "$chain $($layer.DiffId)").Split(' ')[0]
            $layer.ChainId | Should -BeExactly $chain
        }
    }

    It 'says what made each layer' {
        $made = (Get-PeerConfig "oci:$($World.Sample):1.0").history | Where-Object { -not $_['empty_layer'] }
        (Get-ImageLayer $World.Sample -Platform linux/amd64).CreatedBy | Should -Be $made.created_by
    }

    It 'gives the diff ids of the image in <Place>' -ForEach $app {
        Skip-Without App, $Key
        $layers = @(Get-ImageLayer $Name)
        $layers.DiffId | Should -Be @(docker image inspect -f '{{join .RootFS.Layers "\n"}}' fixture/app:1.0)
    }

    It 'knows no stored digest where a place keeps none, and makes none up' {
        Skip-Without App, Docker
        $layers = @(Get-ImageLayer docker-daemon:fixture/app:1.0)
        $layers.Count | Should -Be @(docker image inspect -f '{{join .RootFS.Layers "\n"}}' fixture/app:1.0).Count
        $layers.Digest | Where-Object { $_ } | Should -BeNullOrEmpty
    }

    It 'gives numbers that sort' {
        Skip-Without App
        $sizes = (Get-PeerRaw "docker://$($World.Registry)/fixture/app:1.0").layers.size | Sort-Object -Descending
        (Get-ImageLayer "$($World.Registry)/fixture/app:1.0" | Sort-Object Size -Descending).Size | Should -Be $sizes
    }
}

Describe 'Get-LayerSize' {
    It 'gives the stored sizes as skopeo has them for <Place>' -ForEach ($single + $multi) {
        Skip-Without Registry, $Key
        $sizes = @(Get-LayerSize $Name -Platform linux/amd64)
        $peer = (Get-PeerChild $Peer amd64).layers
        $sizes.Size | Should -Be $peer.size
        $sizes.Digest | Should -Be $peer.digest
        ($sizes | Measure-Object Size -Sum).Sum | Should -Be ($peer.size | Measure-Object -Sum).Sum
    }

    It 'takes layers by index, by digest and by diff id' {
        $layers = @(Get-ImageLayer $World.Sample -Platform linux/amd64)
        (Get-LayerSize $World.Sample -Platform linux/amd64 -Layer 1).Digest | Should -BeExactly $layers[1].Digest
        (Get-LayerSize $World.Sample -Platform linux/amd64 -Layer $layers[2].Digest).Layer | Should -Be 2
        (Get-LayerSize $World.Sample -Platform linux/amd64 -Layer $layers[0].DiffId).Layer | Should -Be 0
    }

    It 'takes layers from the pipeline' {
        (Get-ImageLayer $World.Sample -Platform linux/amd64 | Where-Object Layer -GT 0 | Get-LayerSize).Layer | Should -Be 1, 2
    }

    It 'says LayerNotFound for a layer that is not there' {
        Get-LayerSize $World.Sample -Platform linux/amd64 -Layer 9 -ErrorAction SilentlyContinue -ErrorVariable failure
        $failure.FullyQualifiedErrorId | Should -BeExactly 'LayerNotFound,OciTools.Commands.GetLayerSizeCommand'
    }

    It 'reads the exact size of each tar: what gunzip counts' {
        Skip-Without App
        $name = "$($World.Registry)/fixture/app:1.0"
        $files = Export-ImageLayers $name -Destination (Join-Path $TestDrive 'exact') | Sort-Object Layer
        $sizes = @(Get-LayerSize $name -Uncompressed)
        $sizes.UncompressedSize | Should -Be @($files | ForEach-Object { [long](sh -c 'gunzip -c "$1" | wc -c' sh $_.Path) })
        $sizes.IsEstimate | Should -Not -Contain $true
        $sizes.Size | Should -Be $files.Size
    }
    It 'guesses them from a few bytes, and fetches no layer for it' {
        Skip-Without App
        $name = "$($World.Registry)/fixture/app:1.0"
        $guesses = @(Get-LayerSize $name -Estimate)
        # a layer that is larger stored than not tells nothing plausible
        foreach ($pair in 0..($guesses.Count - 1)) {
            $exact = (Get-LayerSize $name -Layer $pair -Uncompressed).UncompressedSize
            $guesses[$pair].UncompressedSize | Should -BeIn $exact, $null
            $guesses[$pair].IsEstimate | Should -Be ($null -ne $guesses[$pair].UncompressedSize)
            if ($null -eq $guesses[$pair].UncompressedSize) { $guesses[$pair].EstimateReason | Should -Not -BeNullOrEmpty }
        }
        @($guesses | Where-Object UncompressedSize).Count | Should -BeGreaterThan 0
        { Get-LayerSize $name -Estimate -Uncompressed } | Should -Throw -ErrorId 'ParameterConflict,*'
    }
    It 'agrees with docker history and docker manifest inspect' {
        Skip-Without App
        $history = @(docker history --no-trunc --human=false --format '{{.Size}}' fixture/app:1.0)
        $engine = @(Get-LayerSize docker-daemon:fixture/app:1.0)
        ($engine | Measure-Object EngineSize -Sum).Sum | Should -Be ($history | Measure-Object -Sum).Sum
        $manifest = docker manifest inspect --insecure "$($World.Registry)/fixture/app:1.0" | Out-String | ConvertFrom-Json
        (Get-LayerSize "$($World.Registry)/fixture/app:1.0" | Measure-Object Size -Sum).Sum | Should -Be ($manifest.layers | Measure-Object size -Sum).Sum
    }
}
