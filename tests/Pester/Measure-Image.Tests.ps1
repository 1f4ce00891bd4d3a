BeforeAll {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')

    # The blobs of a layout by the documents that name them, as files of the layout.
    function Get-LayoutSize([string] $Layout) { (Get-ChildItem (Join-Path $Layout 'blobs') -Recurse -File | Measure-Object Length -Sum).Sum }
}

Describe 'Measure-Image' {
    It 'counts every blob of an index once: what the files of the layout take' {
        $measured = Measure-Image "oci:$($World.Sample):1.0"
        $measured.CountedBy | Should -BeExactly 'Digest'
        $measured.ImageCount | Should -Be 1
        $measured.TotalSize | Should -BeOfType ([long])
        $measured.TotalSize | Should -Be (Get-LayoutSize $World.Sample)
        $measured.UniqueSize | Should -Be $measured.TotalSize
        $measured.SharedSize | Should -Be 0
    }

    It 'gives one total over images in several places, and says what each alone would free' {
        Skip-Without App
        $names = "$($World.Registry)/fixture/app:1.0", "docker-archive:$($World.SaveArchive)", "oci:$($World.Sample):1.0"
        $measured = $names | Measure-Image
        @($measured).Count | Should -Be 1
        $measured.ImageCount | Should -Be 3
        $measured.Images.Image | Should -Be @($names | Get-ImageDigest | ForEach-Object Image)
        $measured.TotalSize | Should -Be ($measured.UniqueSize + $measured.SharedSize)
        ($measured.Images | Measure-Object UniqueSize -Sum).Sum | Should -Be $measured.UniqueSize
        # each blob of skopeo's manifest once, and the manifest and the config themselves
        $raw = skopeo inspect --tls-verify=false --raw "docker://$($World.Registry)/fixture/app:1.0" | Out-String
        $manifest = $raw | ConvertFrom-Json
        $layers = ($manifest.layers | Sort-Object digest -Unique | Measure-Object size -Sum).Sum
        $measured.Images[0].Size | Should -Be ($layers + $manifest.config.size + (Get-ImageDigest $names[0]).Size)
    }

    It 'knows what two tags of the same image share' {
        Skip-Without App
        $one = Measure-Image "$($World.Registry)/fixture/app:1.0"
        $null = skopeo --insecure-policy copy -q --src-tls-verify=false --dest-tls-verify=false "docker://$($World.Registry)/fixture/app:1.0" "docker://$($World.Registry)/fixture/app:again"
        $both = Measure-Image "$($World.Registry)/fixture/app:1.0", "$($World.Registry)/fixture/app:again", "$($World.Registry)/fixture/app:1.0"
        $both.ImageCount | Should -Be 2
        $both.TotalSize | Should -Be $one.TotalSize
        $both.SharedSize | Should -Be $one.TotalSize
        $both.Images.UniqueSize | Should -Be 0, 0
    }

    It 'counts an engine apart, by chain ids and its own sizes' {
        Skip-Without App
        $measured = @('docker-daemon:fixture/app:1.0', 'docker-daemon:fixture/derived:1.0', "oci:$($World.Sample):1.0" | Measure-Image)
        $measured.CountedBy | Should -Be 'Digest', 'ChainId'
        $engine = $measured[1]
        $engine.ImageCount | Should -Be 2
        $engine.TotalSize | Should -Be ([long](docker image inspect -f '{{.Size}}' fixture/derived:1.0))
        $engine.Images[0].UniqueSize | Should -Be 0
        $engine.Images[1].UniqueSize | Should -Be 8
    }

    It 'measures tars with -Uncompressed: what gunzip counts' {
        Skip-Without App
        $folder = Join-Path $TestDrive 'layers'
        $bytes = (Export-ImageLayers "$($World.Registry)/fixture/app:1.0" -Destination $folder | Sort-Object DiffId -Unique | ForEach-Object { [long](sh -c 'gunzip -c "$1" | wc -c' sh $_.Path) } | Measure-Object -Sum).Sum
        $plain = Measure-Image "$($World.Registry)/fixture/app:1.0"
        $measured = Measure-Image "$($World.Registry)/fixture/app:1.0" -Uncompressed
        $measured.IsUncompressed | Should -BeTrue
        $stored = ((skopeo inspect --tls-verify=false --raw "docker://$($World.Registry)/fixture/app:1.0" | Out-String | ConvertFrom-Json).layers | Sort-Object digest -Unique | Measure-Object size -Sum).Sum
        $measured.TotalSize - $plain.TotalSize | Should -Be ($bytes - $stored)
    }

    It 'goes on past an image that is not there, and gives nothing for none' {
        $measured = "oci:$($World.Sample):none", "oci:$($World.Sample):1.0" | Measure-Image -ErrorAction SilentlyContinue -ErrorVariable errors
        $errors[0].FullyQualifiedErrorId | Should -BeLike 'ImageNotFound,*'
        $measured.ImageCount | Should -Be 1
        @() | Measure-Image | Should -BeNullOrEmpty
    }

    It 'is a line of a table, at most 100 wide, and survives Clixml with its images' {
        $PSStyle.OutputRendering = 'PlainText'
        $measured = Measure-Image "oci:$($World.Sample):1.0"
        $lines = ($measured | Out-String -Width 100) -split '\r?\n' | Where-Object { $_ }
        $lines.Count | Should -Be 3
        $lines | Where-Object Length -GT 100 | Should -BeNullOrEmpty
        $measured.Images | Out-String -Width 100 | Should -Match 'UniqueSize'
        $file = Join-Path $TestDrive 'measured.xml'
        $measured | Export-Clixml $file -Depth 1
        (Import-Clixml $file).Images[0].UniqueSize | Should -Be $measured.Images[0].UniqueSize
    }
}
