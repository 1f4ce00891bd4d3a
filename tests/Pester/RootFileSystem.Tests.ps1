BeforeAll { . (Join-Path $PSScriptRoot 'Peers.ps1') }

Describe 'A whole Debian' -Tag Slow {
    BeforeAll {
        if ($World['Docker'] -and 'debootstrap' -notin $World.Missing) {
            $root = Join-Path $World.Folder 'debian'
            $null = debootstrap --variant=minbase bookworm $root
            $null = sh -c 'tar -C "$1" -c . | docker import - fixture/debian:1' sh $root
            Remove-Item $root -Recurse -Force
            $World.Debian = "$($World.Registry)/fixture/debian:1"
            $null = docker tag fixture/debian:1 $World.Debian
            $null = docker push -q $World.Debian
        }
    }

    It 'has the same layer in the engine, in a registry and in an archive' {
        Skip-Without Debian
        $diffId = docker image inspect -f '{{index .RootFS.Layers 0}}' fixture/debian:1
        $archive = Join-Path $World.Folder 'debian.tar'
        $null = docker save -o $archive fixture/debian:1
        $names = 'docker-daemon:fixture/debian:1', $World.Debian, "docker-archive:$archive"
        ($names | Get-ImageLayer).DiffId | Should -Be @($diffId, $diffId, $diffId)
        foreach ($name in $names) {
            $folder = Join-Path $World.Folder ([guid]::NewGuid().ToString('n'))
            Get-FileSha256 (Export-ImageLayers $name -Uncompressed -Destination $folder).Path | Should -BeExactly $diffId
            Remove-Item $folder -Recurse
        }
    }
}
